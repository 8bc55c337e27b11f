"""One worker as its parent sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from truestep.runner.parallel.wire import Call, Job, Order
from truestep.runner.schedule import Unit


@dataclass
class Seat:
    """A worker: what it was given, and what it has told so far of the scenario that it runs."""

    name: str
    pid: int
    connection: Connection
    run_id: str | None = None
    unit: Unit | None = None
    jobs: dict[int, Job] = field(default_factory=dict)
    feature: int | None = None
    running: Job | None = None
    since: float = 0.0
    calls: list[Call] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    has_begun: bool = False
    is_waiting: bool = False
    has_ended: bool = False

    def send(self, order: Order) -> None:
        """Tells it what to do; one that has just died is found out by its silence."""
        self.is_waiting = False
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def signal(self, number: int) -> None:
        """Sends a signal to its process, which has not been waited for."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends its process at once."""
        self.signal(signal.SIGKILL)

    def began(self, position: int) -> None:
        """A scenario begins."""
        self.running = self.jobs[position]
        self.since = time.monotonic()
        self.calls, self.lines = [], []

    def finished(self) -> None:
        """It has ended."""
        if self.running is not None:
            del self.jobs[self.running.position]
        self.running = None
