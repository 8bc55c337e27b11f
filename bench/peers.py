"""Programs that are measured against: installed apart, so that nothing of theirs meets ours."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

_WANTED = Path(__file__).with_name("peers.txt")
_VENV = Path(__file__).resolve().parents[1] / "reports" / "bench-peers"
_INSTALLED = _VENV / "installed.txt"


def program(name: str) -> str:
    """Returns the path of an installed program."""
    return str(_VENV / "bin" / name)


@cache
def problem() -> str | None:
    """Installs what is not there yet; returns why that is impossible, or None."""
    wanted = _WANTED.read_text()
    if _INSTALLED.is_file() and _INSTALLED.read_text() == wanted:
        return None
    pip = [program("python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(_VENV)],
        [*pip, "install", "-r", str(_WANTED)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr or done.stdout).strip().splitlines()[-1]
    _INSTALLED.write_text(wanted)
    return None
