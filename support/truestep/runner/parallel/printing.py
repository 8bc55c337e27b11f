"""The standard output of a worker: what is printed has a place among what formatters write."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any


class Printing(io.TextIOBase):
    """Text goes to the parent, which prints it in its place.

    Args:
        take: called with what is printed.
        stream: the standard output of the run; what it cannot encode is refused here, too.
    """

    def __init__(self, take: Callable[[str], None], stream: Any) -> None:
        self._take = take
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed takes it for a plain attribute
        """What the output of the run is written in."""
        return str(self._stream.encoding)

    @property
    def errors(self) -> str:  # type: ignore[override]  # typeshed takes it for a plain attribute
        """What becomes of what cannot be written in it."""
        return str(self._stream.errors)

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def write(self, text: str) -> int:
        """Takes what is printed.

        Raises:
            UnicodeEncodeError: it cannot be printed; the step is to know, not the parent.
        """
        text.encode(self.encoding, self.errors)
        self._take(text)
        return len(text)
