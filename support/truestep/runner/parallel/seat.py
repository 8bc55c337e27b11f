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
    """A worker: what it was given, and what it has told so far of the scenario that it runs.

    `feature` is that of its last unit; `not_left` are the features whose hooks it has still to end.
    `jobs` are those that it has not done, `again` those of its unit that are tried again.
    `lines` are what it recorded since the scenario began, or since the last hook ended.
    `is_overdue`: it was killed for its scenario's time; `is_given_up`: with the run.
    """

    name: str
    pid: int
    connection: Connection
    run_id: str | None = None
    unit: Unit | None = None
    jobs: dict[int, Job] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)
    feature: int | None = None
    not_left: set[int] = field(default_factory=set)
    running: Job | None = None
    since: float = 0.0
    calls: list[Call] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    has_begun: bool = False
    is_waiting: bool = False
    has_ended: bool = False
    is_overdue: bool = False
    is_given_up: bool = False

    def send(self, order: Order) -> None:
        """Tells it what to do; one that has just died is found out by its silence."""
        self.is_waiting = False
        with contextlib.suppress(OSError):
            self.connection.send(order)

    def signal(self, number: int) -> None:
        """Sends a signal to its process."""
        # It may have ended; until it is waited for, its id is nobody else's.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def began(self, position: int) -> None:
        """A scenario begins."""
        self.running = self.jobs[position]
        self.since = time.monotonic()
        self.calls, self.lines = [], []

    def recorded(self, lines: bytes) -> None:
        """It has recorded something: of its scenario, or of a hook around scenarios."""
        if self.running is None and b'"testRunHookFinished"' in lines:
            self.lines = []
        else:
            self.lines.append(lines)

    def finished(self) -> float:
        """Its scenario has ended; returns how long it took, in seconds."""
        if self.running is not None:
            del self.jobs[self.running.position]
        self.running, self.lines = None, []
        return time.monotonic() - self.since

    def left(self, feature: int) -> None:
        """Its part of a feature has ended, with its hooks."""
        self.not_left.discard(feature)
        if self.feature == feature:
            self.feature = None

    def has_had(self, limit_s: float) -> bool:
        """Tells whether its scenario runs for longer than that."""
        return self.running is not None and time.monotonic() - self.since > limit_s

    def how_it_died(self, code: int | None) -> str:
        """Says what became of its process.

        Args:
            code: its exit code, or the negative of its signal; None when nobody knows.
        """
        job = self.running
        if self.is_given_up:
            return "the run was ended at once, and with it the worker that ran it"
        if self.is_overdue and job is not None and job.limit_s is not None:
            return (
                f"the scenario took longer than {job.limit_s:g} s, did not end when it was "
                "interrupted, and its worker was killed"
            )
        if code is None:
            return "the worker that ran it has ended, and nobody knows how"
        if code >= 0:
            return f"the worker that ran it exited with code {code}"
        name = signal.Signals(-code).name
        memory = "; perhaps memory ran out" if -code == signal.SIGKILL else ""
        return f"the worker that ran it was ended by {name}{memory}"
