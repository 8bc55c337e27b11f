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

    Args:
        ending: called, with the signal's name, when the first signal has come.
    """

    def __init__(self, ending: Callable[[str], None]) -> None:
        self.received: str | None = None
        self._ending = ending
        self._depth = 0
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

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """A signal interrupts what runs in here.

        Raises:
            KeyboardInterrupt: one has come, perhaps before.
        """
        self._depth += 1
        try:
            if self._due:
                self._due = False
                raise KeyboardInterrupt(self.received)
            yield
        finally:
            self._depth -= 1

    @property
    def may_interrupt(self) -> bool:
        """Whether what runs now may be interrupted."""
        return self._depth > 0

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        first = self.received is None
        self.received = self.received or signal.Signals(number).name
        if first:
            self._ending(self.received)
            if not self._depth:
                self._due = True
                return
        self._due = False
        raise KeyboardInterrupt(signal.Signals(number).name)
