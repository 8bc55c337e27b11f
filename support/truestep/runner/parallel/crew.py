"""The parent's side of the workers: gives out work, gathers results, replaces who dies."""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any, Protocol

from truestep.polling import scaled
from truestep.runner.outcomes import Around, Status
from truestep.runner.parallel.attempts import Attempts
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.wire import (
    Asks,
    Began,
    End,
    Ended,
    FailedAround,
    FailedService,
    Finished,
    Job,
    Leave,
    Left,
    NotRun,
    Recorded,
    Result,
    Started,
    StartedServices,
    Told,
    Work,
)
from truestep.runner.parallel.zygote import Zygote
from truestep.runner.schedule import Schedule, Unit

# A scenario that was interrupted at its time limit cleans up; one that does not is killed.
_CLEANS_UP_WITHIN_S = 10.0
_LOOKS_EVERY_S = 0.25


class Chronicle(Protocol):
    """Where what happens in workers is written."""

    def lines(self, lines: bytes) -> None:
        """Takes lines of the record."""

    def begun(self, began: Began) -> None:
        """The first worker has begun: test cases can be told."""

    def job(self, position: int, attempt: int) -> Job:
        """Returns the job of a scenario's attempt."""

    def attempt_ended(self, started_id: str, *, is_retried: bool) -> None:
        """One attempt of a test case has ended."""

    def broke_off(self, seat: Seat, what: str) -> Result:
        """A worker died, or was killed, while it ran a scenario: ends that in the record."""

    def ended(self, position: int, result: Result) -> None:
        """A scenario has ended, with all its attempts."""

    def failed_around(self, around: Around) -> None:
        """Something failed outside of every scenario."""

    def failed_service(self, what: str, where: str) -> None:
        """A service failed."""

    def started_services(self, rows: list[dict[str, Any]]) -> None:
        """These services were started."""

    def worker_died(self, run_id: str) -> None:
        """What a worker had on the services is nobody's any more."""


@dataclass
class Gathered:
    """What is known of the run so far.

    `results` are final, by position; `not_run` are positions that will have none. `parts` are those
    of features that have ended, by number. `printed` is what came before and after all features.
    """

    results: dict[int, Result] = field(default_factory=dict)
    not_run: set[int] = field(default_factory=set)
    parts: defaultdict[int, list[Left]] = field(default_factory=lambda: defaultdict(list))
    began: list[Began] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    aborted: bool = False


class Crew:
    """The workers of a run.

    Args:
        zygote: forks them.
        errand: returns what the worker of a number is told.
        size: how many there are at a time.
        schedule: of the units of the run.
        attempts: how often scenarios are tried.
        places: the number of the feature of each scenario, by position, and its location.
        chronicle: where what happens is written.
        stops_at_failure: whether nothing more begins once a scenario has failed.
    """

    def __init__(
        self,
        zygote: Zygote,
        errand: Callable[[int], Any],
        size: int,
        schedule: Schedule,
        attempts: Attempts,
        locations: Sequence[str],
        chronicle: Chronicle,
        *,
        stops_at_failure: bool,
    ) -> None:
        self._zygote = zygote
        self._errand = errand
        self._schedule = schedule
        self._attempts = attempts
        self._locations = locations
        self._chronicle = chronicle
        self._stops_at_failure = stops_at_failure
        self._count = 0
        self._dropped: set[int] = set()
        self._first: Began | None = None
        self.seats: list[Seat] = []
        self.gathered = Gathered()
        for _ in range(size):
            self._hire()

    def began(self) -> Began | None:
        """Returns what the first worker told when it began; None when none could."""
        self._pump(lambda: bool(self.gathered.began))
        return self.gathered.began[0] if self.gathered.began else None

    def result(self, position: int) -> Result | None:
        """Returns what became of a scenario, once that is known; None if it is not run."""
        gathered = self.gathered
        self._pump(lambda: position in gathered.results or position in gathered.not_run)
        return gathered.results.get(position)

    def parts(self, feature: int) -> list[Left]:
        """Returns what became of a feature's parts, once no worker is in it any more."""
        self._pump(lambda: all(seat.feature != feature for seat in self.seats))
        return self.gathered.parts[feature]

    def ended(self) -> list[Ended]:
        """Returns what the workers told at their ends, once all have ended."""
        self._pump(lambda: False)
        return self.gathered.ended

    def stop(self) -> None:
        """Nothing more begins; what runs goes on to its end."""
        self._schedule.stop()

    def interrupt(self) -> None:
        """Interrupts what runs; hooks and cleanups are done. Safe to call by a signal's handler."""
        self.stop()
        for seat in self.seats:
            seat.signal(signal.SIGINT)

    def kill(self) -> None:
        """Ends all workers at once."""
        self.stop()
        for seat in list(self.seats):
            seat.kill()
            self._gone(seat)

    def close(self) -> None:
        """Ends what is left."""
        self.kill()
        self._zygote.close()

    def _hire(self) -> None:
        self._count += 1
        errand = self._errand(self._count)
        pid, connection = self._zygote.fork(errand)
        self.seats.append(Seat(errand.name, pid, connection))

    def _pump(self, is_enough: Callable[[], bool]) -> None:
        """Takes what workers tell until it is enough, or none is left to tell anything."""
        while not is_enough():
            self._settle()
            if not self.seats or is_enough():
                return
            ready = wait([seat.connection for seat in self.seats], timeout=_LOOKS_EVERY_S)
            for seat in [one for one in self.seats if one.connection in ready]:
                self._hear(seat)
            self._end_what_hangs()

    def _settle(self) -> None:
        """What nobody will run any more is known not to be run."""
        if not self._schedule.is_empty and self.seats:
            return
        given = {position for seat in self.seats for position in seat.jobs}
        gathered = self.gathered
        for position in range(len(self._locations)):
            if position not in given and position not in gathered.results:
                gathered.not_run.add(position)

    def _hear(self, seat: Seat) -> None:
        try:
            messages = seat.connection.recv()
        except (EOFError, ConnectionResetError):
            self._gone(seat)
            return
        for message in messages:
            self._take(seat, message)

    def _take(self, seat: Seat, message: Any) -> None:
        match message:
            case Recorded(lines):
                if seat.running:
                    seat.lines.append(lines)
                self._chronicle.lines(lines)
            case Told(calls):
                seat.calls += calls
            case Started(position):
                seat.began(position)
            case Finished():
                self._finished(seat, message)
            case Asks():
                self._asked(seat)
            case Began():
                self._began(seat, message)
            case Left():
                self.gathered.parts[message.feature].append(message)
                seat.feature = None
            case NotRun():
                self._was_not_run(seat, message)
            case Ended():
                seat.has_ended = True
                self.gathered.ended.append(message)
                if message.aborted:
                    self.gathered.aborted = True
                    self.stop()
            case FailedAround(around):
                self._chronicle.failed_around(around)
            case FailedService(what, where):
                self._chronicle.failed_service(what, where)
            case StartedServices(rows):
                self._chronicle.started_services(rows)

    def _began(self, seat: Seat, began: Began) -> None:
        seat.has_begun, seat.run_id = True, began.run_id
        if not self.gathered.began and began.passed:
            self._chronicle.begun(began)
        self.gathered.began.append(began)
        if not began.passed:
            self.stop()

    def _asked(self, seat: Seat) -> None:
        self._end_unit(seat)
        self._give(seat)
        for other in [one for one in self.seats if one.is_waiting and one is not seat]:
            self._give(other)

    def _give(self, seat: Seat) -> None:
        seat.is_waiting = False
        while (unit := self._schedule.take(seat.feature)) is not None:
            positions = [one for one in unit.scenarios if one not in self._dropped]
            if positions:
                self._hand_over(seat, unit, positions)
                return
            self._schedule.done(unit)
            self.gathered.not_run |= {*unit.scenarios}.difference(self.gathered.results)
        if self._schedule.is_over:
            seat.send(End())
        elif seat.feature is not None:
            # What is left of its feature, if anything, has to wait; its hooks need not.
            seat.send(Leave())
        else:
            seat.is_waiting = True

    def _hand_over(self, seat: Seat, unit: Unit, positions: list[int]) -> None:
        jobs = [self._chronicle.job(one, self._attempts.next(one)) for one in positions]
        seat.unit, seat.feature = unit, unit.feature
        seat.jobs = {job.position: job for job in jobs}
        seat.send(Work(tuple(jobs)))

    def _finished(self, seat: Seat, finished: Finished) -> None:
        result = Result(finished.outcome, finished.state, tuple(seat.calls))
        seat.finished()
        self._count_in(finished.position, finished.started_id, result, seat.unit)

    def _count_in(
        self, position: int, started_id: str, result: Result, unit: Unit | None
    ) -> None:
        final = self._attempts.ended(position, result)
        self._chronicle.attempt_ended(started_id, is_retried=final is None)
        if final is not None:
            self.gathered.results[position] = final
            self._chronicle.ended(position, final)
            if final.outcome.failed and self._stops_at_failure:
                self.stop()
        elif unit is not None and self._attempts.is_tried_again(position):
            self._schedule.add(
                Unit((position,), unit.feature, unit.expected_s, unit.alone, unit.locks)
            )

    def _was_not_run(self, seat: Seat, not_run: NotRun) -> None:
        for position in not_run.positions:
            seat.jobs.pop(position, None)
            self._drop(position)
        if not_run.feature is not None:
            for position in self._chronicle.others_of(not_run):
                self._drop(position)

    def _drop(self, position: int) -> None:
        self._dropped.add(position)
        if position not in self.gathered.results:
            self.gathered.not_run.add(position)

    def _end_unit(self, seat: Seat) -> None:
        if seat.unit is not None:
            self._schedule.done(seat.unit)
            seat.unit = None

    def _end_what_hangs(self) -> None:
        for seat in self.seats:
            limit_s = seat.running.limit_s if seat.running else None
            if limit_s is None:
                continue
            if time.monotonic() - seat.since > limit_s + scaled(_CLEANS_UP_WITHIN_S):
                seat.overdue = True
                seat.kill()

    def _gone(self, seat: Seat) -> None:
        """A worker has ended, as it was told or not."""
        code = self._zygote.reap(seat.pid)
        seat.connection.close()
        self.seats.remove(seat)
        if seat.has_ended:
            return
        what = _end_of(seat, code)
        if seat.run_id is not None:
            self._chronicle.worker_died(seat.run_id)
        job = seat.running
        if job is not None:
            seat.finished()
            result, started_id = self._chronicle.broke_off(seat, job, what)
            self._count_in(job.position, started_id, result, seat.unit)
        else:
            self._died_outside(seat, what)
        self._put_back(seat)
        if not self._schedule.is_over:
            self._hire()
