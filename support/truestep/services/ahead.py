"""What scenarios take is made ahead of them, and what they leave is removed behind them."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

Made = TypeVar("Made")
Used = TypeVar("Used")

# A scenario that begins or ends has the machine to itself first, if there is no hurry.
_QUIET_S = 0.01
_CLOSES_WITHIN_S = 30.0


@dataclass(frozen=True)
class Work(Generic[Made, Used]):
    """What an `Ahead` does, and how much of it.

    Args:
        what: names its thread.
        make: makes some, up to that many.
        drop: removes what was used.
        used: what there is to remove of one that nobody has used.
        errors: what `make` and `drop` raise when the server does not do it.
        ready: how many are kept ready; 0: none is made ahead.
        left: how many may wait to be removed while others are made.
        at_once: how many are made, or removed, by one call.
        to_come: tells for how many it is of use that they are ready; no more are.
    """

    what: str
    make: Callable[[int], list[Made]]
    drop: Callable[[list[Used]], None]
    used: Callable[[Made], Used]
    errors: tuple[type[Exception], ...]
    ready: int
    left: int
    at_once: int = 1
    to_come: Callable[[], int] = lambda: sys.maxsize


class Ahead(Generic[Made, Used]):
    """Keeps some ready by a thread that does one thing at a time.

    So a scenario waits for none, and has at most one busy process of the server beside it. What
    goes wrong in the thread is told where it matters: who finds none ready makes one, and who
    closes removes what is left, by the same calls, and gets the same error.
    """

    def __init__(self, work: Work[Made, Used]) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._ready: deque[Made] = deque()
        self._used: deque[Used] = deque()
        # Grows with the scenarios: a run of one scenario makes few in vain.
        self._wanted = min(1, work.ready)
        self._waiting = 0
        self._has_stopped = False
        self._is_closing = False
        self._quiet_until = 0.0
        # A daemon: what nobody has closed must not keep the interpreter alive.
        self._thread = threading.Thread(target=self._run, daemon=True, name=work.what)
        self._thread.start()

    def take(self) -> Made:
        """Returns one, after waiting for it if none is ready; raises what `make` does."""
        with self._changed:
            self._go_on()
            self._waiting += 1
            while self._wanted and not self._ready and not self._has_stopped:
                self._changed.wait()
            self._waiting -= 1
            self._wanted = min(self._wanted + 1, self._work.ready)
            self._changed.notify_all()
            if self._ready:
                return self._ready.popleft()
        [made] = self._work.make(1)
        return made

    def ready(self) -> list[Made]:
        """Returns those that will be taken next, without taking them."""
        with self._changed:
            return list(self._ready)

    def give_back(self, used: Used) -> None:
        """Has one removed soon."""
        with self._changed:
            self._used.append(used)
            self._go_on()

    def close(self) -> None:
        """Removes all but those that are taken and not given back; safe to call again.

        Raises what `drop` does, when all have had their turn.
        """
        left = self.stop()
        with ExitStack() as stack:
            for first in range(0, len(left), self._work.at_once):
                stack.callback(self._work.drop, left[first : first + self._work.at_once])

    def stop(self) -> list[Used]:
        """Makes and removes nothing any more; returns what there is left to remove."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(_CLOSES_WITHIN_S)
        left = [*self._used, *map(self._work.used, self._ready)]
        self._used.clear()
        self._ready.clear()
        return left

    def _go_on(self) -> None:
        self._has_stopped = self._is_closing
        self._quiet_until = time.monotonic() + _QUIET_S
        self._changed.notify_all()

    def _run(self) -> None:
        try:
            while task := self._next():
                try:
                    task()
                except self._work.errors:
                    self._stop()
        finally:
            self._stop()

    def _stop(self) -> None:
        with self._changed:
            self._has_stopped = True
            self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        """Waits for the next thing to do; returns None when there will be none."""
        with self._changed:
            while not self._is_closing:
                task = None if self._has_stopped else self._due()
                hurry = not self._ready or len(self._used) > self._work.left
                until_s = 0.0 if hurry else self._quiet_until - time.monotonic()
                if task and until_s <= 0:
                    return task
                self._changed.wait(until_s if task else None)
            return None

    def _due(self) -> Callable[[], None] | None:
        if len(self._used) <= self._work.left and self._missing() > 0:
            return self._make
        return self._drop if self._used else None

    def _missing(self) -> int:
        return min(self._wanted, self._waiting + self._work.to_come()) - len(self._ready)

    def _make(self) -> None:
        made = self._work.make(min(self._missing(), self._work.at_once))
        with self._changed:
            self._ready += made
            self._changed.notify_all()

    def _drop(self) -> None:
        # They stay in the list until they are gone: `close` tries again what has failed.
        used = [self._used[number] for number in range(min(len(self._used), self._work.at_once))]
        self._work.drop(used)
        for _ in used:
            self._used.popleft()
