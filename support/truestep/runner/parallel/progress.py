"""How far a run by workers is: a line that changes on a terminal, now and then one elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

_EVERY_S = 0.2
_PLAIN_EVERY_S = 10.0
_MINUTE_S = 60
_CLEAR = "\r\033[K"


class Progress:
    """Tells how many scenarios are done.

    Args:
        stream: where; standard error, as formatters write to standard output.
        may_change: whether a line may be taken away again; not when a formatter of behave's has
            written a part of one.
    """

    def __init__(self, stream: TextIO, *, may_change: bool) -> None:
        self._stream = stream
        self._is_terminal = may_change and stream.isatty()
        self._next = time.monotonic() + (0 if self._is_terminal else _PLAIN_EVERY_S)
        self._is_shown = False

    def show(self, *, done: int, of: int, running: int, failed: int, left_s: float) -> None:
        """Shows it, unless it was shown just before.

        Args:
            done: how many scenarios have ended.
            of: how many there are.
            running: how many run now.
            failed: how many have failed.
            left_s: how many seconds it will take, as expected.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_EVERY_S if self._is_terminal else _PLAIN_EVERY_S)
        text = f"{done} of {of} scenarios done, {running} running, {failed} failed, {_left(left_s)}"
        if self._is_terminal:
            self._stream.write(f"{_CLEAR}truestep: {text}")
            self._is_shown = True
        else:
            self._stream.write(f"truestep: {text}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Takes the line away: something else is written next."""
        if self._is_shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._is_shown = False
            self._next = 0.0


def _left(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / _MINUTE_S)} min left"
