"""Real behave runs on small sample projects."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hamcrest import is_not, none

from truestep.polling import eventually

SAMPLES = Path(__file__).parent / "samples"
_GIVE_UP_AFTER_S = 240
_BEGINS_WITHIN_S = 120


@dataclass(frozen=True)
class Run:
    """How a run ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        """behave's line that counts the scenarios."""
        return next(
            line for line in self.out.splitlines() if re.search(r"\bscenarios? passed", line)
        )


@dataclass(frozen=True)
class Project:
    """A behave project in a folder of its own."""

    folder: Path

    @classmethod
    def of(cls, sample: str, folder: Path) -> Project:
        """Copies the sample project of that name into `folder`."""
        shutil.copytree(SAMPLES / sample, folder / sample)
        return cls(folder / sample)

    def write(self, path: str, text: str) -> None:
        """Writes a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def behave(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Run:
        """Runs `behave` and waits for its end."""
        with self.running(*arguments, environment=environment) as process:
            out, err = process.communicate(timeout=_GIVE_UP_AFTER_S)
        return Run(process.returncode, out, err)

    @contextmanager
    def running(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Starts `behave`, in a process group of its own; what still runs in the end is killed."""
        with subprocess.Popen(
            [sys.executable, "-m", "behave", *arguments],
            cwd=self.folder,
            env=_clean_environment() | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def wait_for(self, path: str) -> str:
        """Waits for a file of the project that says something, made by what runs; returns that."""
        file = self.folder / path
        return eventually(
            lambda: file.read_text() or None,
            is_not(none()),
            what=f"what {path} says",
            within_s=_BEGINS_WITHIN_S,
            retry_on=(FileNotFoundError,),
        )


def _clean_environment() -> dict[str, str]:
    # Unbuffered, what several workers print at the same moment would be mixed within its lines.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRUESTEP_") and name != "PYTHONUNBUFFERED"
    }
