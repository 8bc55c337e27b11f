"""Writes the files of reports: as a whole, for their user alone, and one after the other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PRIVATE = 0o600


def write_private(path: Path, content: bytes) -> None:
    """Replaces a file; a reader sees the old or the new, never a half.

    Raises:
        OSError: it cannot be written.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, _PRIVATE), "wb") as file:
        file.write(content)
    new.replace(path)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Waits until no other process is in here with that file; a lock file is made beside it.

    The system lets go of what a killed process has locked.

    Raises:
        OSError: the lock file cannot be made.
    """
    lock = os.open(
        path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE
    )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
