"""Signals that end a run: turned into what behave understands, held back during the clean-up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: behave then runs its hooks and cleanups."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_STOPPING_SIGNALS)}
    for number in _STOPPING_SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def hold_signals_back() -> None:
    """Nothing interrupts the clean-up; it is bounded in time itself."""
    for number in (signal.SIGINT, *_STOPPING_SIGNALS):
        signal.signal(number, signal.SIG_IGN)
