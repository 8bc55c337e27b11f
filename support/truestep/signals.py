"""Signals that end a run: turned into what behave understands, held back during the clean-up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_ALL_SIGNALS = (signal.SIGINT, *_STOPPING_SIGNALS)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: behave then runs its hooks and cleanups."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.getsignal(number) for number in _ALL_SIGNALS}
    for number in _STOPPING_SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def hold_signals_back() -> None:
    """Nothing interrupts the clean-up; it is bounded in time itself."""
    for number in _ALL_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Interruptions:
    """Ctrl-C, SIGTERM and SIGHUP of a whole run: they interrupt a step, never a clean-up.

    The first signal interrupts what may be interrupted (a step, a hook that comes before) at once,
    else as soon as that is reached; what cleans up is finished first. A second one interrupts
    wherever the run is.

    `received` is the name of the first signal, once one has come; `may_interrupt` says whether what
    runs now may be interrupted.

    Args:
        ending: called, with the signal's name, when the first signal has come.
    """

    def __init__(self, ending: Callable[[str], None]) -> None:
        self.received: str | None = None
        self._ending = ending
        self.may_interrupt = False
        self._due = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Signals are handled while this is open; outside of the main thread none is."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._handle) for number in _ALL_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def allow(self) -> None:
        """A signal interrupts what runs, until `may_interrupt` is set back.

        Raises:
            KeyboardInterrupt: one has come before.
        """
        self.may_interrupt = True
        if self._due:
            self._due = False
            raise KeyboardInterrupt(self.received)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        first = self.received is None
        self.received = self.received or signal.Signals(number).name
        if first:
            self._ending(self.received)
            if not self.may_interrupt:
                self._due = True
                return
        self._due = False
        raise KeyboardInterrupt(signal.Signals(number).name)
