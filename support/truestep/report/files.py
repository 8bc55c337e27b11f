"""Writes the files of reports: as a whole, for their user alone, and one after the other."""

from __future__ import annotations

import os
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
