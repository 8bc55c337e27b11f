"""Files that a request sends."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from truestep.errors import StepUsageError

_BINARY = "application/octet-stream"


def media_type(file: Path) -> str:
    """Returns what a file is, by its name: `image/png`."""
    return mimetypes.guess_type(file.name)[0] or _BINARY


def read_bytes(file: Path) -> bytes:
    """Returns what is in a file.

    Raises:
        StepUsageError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise StepUsageError(
            f"the file {file} cannot be read",
            seen=str(error.strerror or error),
            looked=str(file.absolute()),
            remedy="correct the path: it starts from the folder that behave runs in",
        ) from error
