"""A clone of this project as it stands, uncommitted files and all: tests follow its docs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_GIVE_UP_AFTER_S = 300

# A name that no engine answers on: Truestep then finds a machine without Docker.
NO_DOCKER = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@dataclass(frozen=True)
class Done:
    """How a command ended, and all that it printed."""

    code: int
    text: str


@dataclass(frozen=True)
class Clone:
    """A copy of the project in a folder of its own."""

    folder: Path

    @classmethod
    def into(cls, folder: Path) -> Clone:
        """Copies what a commit of everything would hold into `folder`."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        # A file that was deleted and not yet committed is still listed.
        for path in filter(lambda one: (ROOT / one).is_file(), listed.stdout.split("\0")):
            copy = folder / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, copy)
        return cls(folder)

    def run(self, command: str, environment: Mapping[str, str] | None = None) -> Done:
        """Runs a command line as a user would: in the folder, outside this virtual environment."""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=outside() | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_GIVE_UP_AFTER_S,
        )
        return Done(done.returncode, done.stdout)


def outside() -> dict[str, str]:
    """The environment without this virtual environment and without settings of Truestep."""
    own = str(Path(sys.prefix, "bin"))
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRUESTEP_", "PYTEST_", "MAKE", "MFLAGS", "VIRTUAL_ENV"))
    }
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own]
    return kept | {"PATH": os.pathsep.join(path)}
