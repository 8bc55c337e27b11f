"""run.json: what is known of a run beside its scenarios."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import behave

from truestep import __version__
from truestep.redaction import redact

_GIT_ANSWERS_WITHIN_S = 5


@dataclass
class Facts:
    """What run.json says; written anew when it changes.

    `finished`, `exit_code` are None while the run goes on, and for one that was killed.
    `status` is running, passed, failed, or broken: the run could not begin.
    `ended_by` is the signal that ended it. `infrastructure` says what failed, and where.
    `shard` is its index and total, and the fingerprint of how scenarios were split.
    `repeat` is how often each scenario was to run, and to pass.
    """

    run_id: str
    started: str = field(default_factory=lambda: iso(datetime.now(UTC)))
    finished: str | None = None
    status: str = "running"
    exit_code: int | None = None
    ended_by: str | None = None
    scenario_count: int = 0
    repeat: int = 1
    shard: dict[str, object] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    services: list[dict[str, Any]] = field(default_factory=list)
    infrastructure: list[dict[str, str]] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    argv: list[str] = field(default_factory=lambda: [redact(word) for word in sys.argv[1:]])
    git: dict[str, Any] | None = None
    truestep: str = __version__
    behave: str = behave.__version__
    python: str = field(default_factory=platform.python_version)
    platform: str = field(default_factory=platform.platform)

    def finish(self, *, failed: bool, broken: bool) -> None:
        """Notes the end."""
        self.finished = iso(datetime.now(UTC))
        self.exit_code = int(failed)
        self.status = "broken" if broken else "failed" if failed else "passed"

    def json(self) -> Mapping[str, Any]:
        """Returns them as run.json has them."""
        return asdict(self)


def iso(moment: datetime) -> str:
    """Returns a moment as text: `2025-01-31T12:00:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def git_state(folder: Path) -> dict[str, Any] | None:
    """Returns commit, branch, and whether there are changes; None outside of a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(folder), "status", "--porcelain=v2", "--branch"]
    command.append("--untracked-files=no")
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    lines = answer.stdout.splitlines()
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    return {
        "commit": heads.get("branch.oid"),
        "branch": heads.get("branch.head"),
        "dirty": any(not line.startswith("#") for line in lines),
    }
