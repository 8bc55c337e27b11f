"""Locks between processes of one user: they are gone with the process that holds them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[bool]:
    """Holds the lock of `file`, which is made if need be and stays.

    Yields whether it is held: always, unless another process holds it and `wait` is false. Threads
    of one process wait for each other, too.
    """
    with file.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def is_locked(file: Path) -> bool:
    """Tells whether somebody holds the lock of `file`."""
    if not file.exists():
        return False
    with locked(file, wait=False) as held:
        return not held
