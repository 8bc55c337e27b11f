"""The parent's side of the workers: gives out work, gathers results, replaces who dies."""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from truestep.errors import WorkerDiedError
from truestep.polling import scaled
from truestep.runner.outcomes import Around, Status
from truestep.runner.parallel.attempts import Attempts
from truestep.runner.parallel.chronicle import Chronicle
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.progress import Progress
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.states import broken_off
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


@dataclass
class Gathered:
    """What is known of the run so far.

    `results` are final, by position, `took_s` the seconds of each; `not_run` are positions that
    will have none. `parts` of features have ended, by the feature's number. `aborted`: code of the
    project has ended the run. `died`: a worker has died outside of every scenario.
    """

    results: dict[int, Result] = field(default_factory=dict)
    took_s: dict[int, float] = field(default_factory=dict)
    not_run: set[int] = field(default_factory=set)
    parts: defaultdict[int, list[Left]] = field(default_factory=lambda: defaultdict(list))
    began: list[Began] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    aborted: bool = False
    died: bool = False


class Crew:
    """The workers of a run.

    Args:
        zygote: forks them.
        errand: returns what the worker of a number is told.
        size: how many there are at a time.
        places: of all scenarios.
        plan: returns the schedule, once the first worker has begun.
        attempts: how often scenarios are tried.
        chronicle: where what happens is written.
        progress: shows how far they are.
        stops_at_failure: whether nothing more begins once a scenario has failed.
        died: called with the id of a worker on the services that has died.
    """

    def __init__(
        self,
        zygote: Zygote,
        errand: Callable[[int], Any],
        size: int,
        *,
        places: Sequence[Place],
        plan: Callable[[Began], Schedule],
        attempts: Attempts,
        chronicle: Chronicle,
        progress: Progress,
        stops_at_failure: bool,
        died: Callable[[str], None],
    ) -> None:
        self._zygote = zygote
        self._errand = errand
        self._places = places
        self._plan = plan
        self._schedule = Schedule([], size)
        self._attempts = attempts
        self._chronicle = chronicle
        self._stops_at_failure = stops_at_failure
        self._died = died
        self._progress = progress
        self._count = 0
        self._files: dict[str, Sequence[Path]] = {}
        self._is_stopping = False
        self.is_interrupted = False
        self._all = frozenset(range(len(places)))
        self.seats: list[Seat] = []
        self.gathered = Gathered()
        for _ in range(size):
            self._hire()

    @property
    def schedule(self) -> Schedule:
        """What is left to do."""
        return self._schedule

    def began(self) -> Began | None:
        """Returns what the first worker told when it had begun; None when none could."""
        began = self.gathered.began
        self._pump(lambda: bool(began))
        return began[0] if began else None

    def result(self, position: int) -> Result | None:
        """Returns what became of a scenario, once that is known; None if it is not run."""
        gathered = self.gathered
        self._pump(lambda: position in gathered.results or position in gathered.not_run)
        return gathered.results.get(position)

    def parts(self, feature: int) -> list[Left]:
        """Returns what became of a feature's parts, once no worker is in it any more."""
        self._pump(lambda: all(feature not in seat.not_left for seat in self.seats))
        return self.gathered.parts[feature]

    def ended(self) -> list[Ended]:
        """Returns what the workers told at their ends, once all have ended."""
        self._pump(lambda: False)
        return self.gathered.ended

    def stop(self) -> None:
        """Nothing more begins; what runs goes on to its end."""
        self._is_stopping = True
        self._schedule.stop()

    def interrupt(self, number: int) -> None:
        """Interrupts what runs by a signal; hooks and cleanups are done. Safe in its handler."""
        self.is_interrupted = True
        self.stop()
        # One that is still beginning has nothing to interrupt, unless that is what all are at.
        begun = [seat for seat in self.seats if seat.has_begun]
        for seat in begun or self.seats:
            seat.signal(number)

    def kill(self) -> None:
        """Ends all workers at once."""
        self.stop()
        for seat in list(self.seats):
            seat.signal(signal.SIGKILL)
            self._gone(seat)

    def close(self) -> None:
        """Ends what is left, and the process that forks."""
        self.kill()
        self._zygote.close()

    def _hire(self) -> None:
        self._count += 1
        errand = self._errand(self._count)
        pid, connection = self._zygote.fork(errand)
        self._files[errand.name] = errand.stack_files
        self.seats.append(Seat(errand.name, pid, connection))

    def _pump(self, is_enough: Callable[[], bool]) -> None:
        """Takes what workers tell until it is enough, or none is left to tell anything."""
        try:
            self._take_until(is_enough)
        finally:
            # Formatters write next.
            self._progress.clear()

    def _take_until(self, is_enough: Callable[[], bool]) -> None:
        while not is_enough():
            self._settle()
            if not self.seats or is_enough():
                return
            self._show_progress()
            ready = wait([seat.connection for seat in self.seats], timeout=_LOOKS_EVERY_S)
            for seat in [one for one in self.seats if one.connection in ready]:
                self._hear(seat)
            self._end_what_hangs()

    def _show_progress(self) -> None:
        gathered = self.gathered
        if gathered.began:
            self._progress.show(
                done=len(gathered.results),
                of=len(gathered.began[0].selected),
                running=sum(seat.running is not None for seat in self.seats),
                failed=sum(one.outcome.failed for one in gathered.results.values()),
                left_s=self._schedule.left_s(),
            )

    def _settle(self) -> None:
        """Who waits is given what may begin now; what nobody will run is known not to be run."""
        gathered = self.gathered
        for seat in [one for one in self.seats if one.is_waiting]:
            self._give(seat)
        if self.seats and not (self._is_stopping or gathered.began):
            return
        if self.seats and not self._schedule.is_empty:
            return
        given = {position for seat in self.seats for position in seat.jobs}
        for position in self._all - given - gathered.results.keys() - gathered.not_run:
            # One that was to be tried again has a result all the same.
            so_far = self._attempts.result(position)
            if so_far is None:
                gathered.not_run.add(position)
            else:
                gathered.results[position] = so_far

    def _hear(self, seat: Seat) -> None:
        try:
            messages = seat.connection.recv()
        except (EOFError, ConnectionResetError):
            self._gone(seat)
            return
        for message in messages:
            self._take(seat, message)

    def _take(self, seat: Seat, message: Any) -> None:  # noqa: C901, PLR0912  # a table of kinds
        gathered, record = self.gathered, self._chronicle.record
        match message:
            case Recorded(lines):
                if seat.running:
                    seat.lines.append(lines)
                record.write(lines)
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
            case Left(feature):
                gathered.parts[feature].append(message)
                seat.not_left.discard(feature)
                if seat.feature == feature:
                    seat.feature = None
            case NotRun():
                self._was_not_run(seat, message)
            case Ended():
                seat.has_ended = True
                gathered.ended.append(message)
                if message.aborted and not self._is_stopping:
                    gathered.aborted = True
                    self.stop()
            case FailedAround(around):
                if around not in record.around:
                    # Each worker has its own `before_all`; what is the same is told once.
                    record.note_around(around)
            case FailedService(what, where):
                record.note_failed_service(what, where)
            case StartedServices(rows):
                record.note_started(rows)

    def _began(self, seat: Seat, began: Began) -> None:
        seat.has_begun, seat.run_id = True, began.run_id
        is_first = not self.gathered.began
        self.gathered.began.append(began)
        if is_first:
            self._schedule = self._plan(began)
        if not began.passed:
            self.gathered.aborted = True
        if not began.passed or self._is_stopping:
            self.stop()

    def _asked(self, seat: Seat) -> None:
        if seat.unit is not None:
            self._schedule.done(seat.unit)
            seat.unit = None
        seat.is_waiting = True

    def _give(self, seat: Seat) -> None:
        while (unit := self._schedule.take(seat.feature)) is not None:
            positions = [one for one in unit.scenarios if one not in self.gathered.not_run]
            if positions:
                self._hand_over(seat, unit, positions)
                return
            self._schedule.done(unit)
        if self._is_stopping or self._schedule.is_over:
            seat.send(End())
        elif seat.feature is not None:
            # What is left of its feature, if anything, has to wait; its hooks need not.
            seat.send(Leave())

    def _hand_over(self, seat: Seat, unit: Unit, positions: list[int]) -> None:
        jobs = [self._chronicle.job(one, self._attempts.next(one)) for one in positions]
        seat.unit, seat.feature = unit, unit.feature
        seat.not_left.add(unit.feature)
        seat.jobs = {job.position: job for job in jobs}
        seat.send(Work(tuple(jobs)))

    def _finished(self, seat: Seat, finished: Finished) -> None:
        position = finished.position
        self.gathered.took_s[position] = seat.finished()
        result = Result(finished.outcome, finished.state, tuple(seat.calls))
        self._attempt_ended(seat, position, finished.started_id, result)

    def _attempt_ended(self, seat: Seat, position: int, started_id: str, result: Result) -> None:
        attempts, unit = self._attempts, seat.unit
        is_last = attempts.ended(position, result)
        again = not is_last and not self._is_stopping
        outcome = result.outcome
        self._chronicle.attempt_ended(position, started_id, outcome, is_retried=again)
        final = attempts.result(position)
        if again and attempts.repeat == 1 and unit is not None:
            self._schedule.add(replace(unit, scenarios=(position,)))
        elif not again and final is not None:
            self.gathered.results[position] = final
            if final.outcome.failed and self._stops_at_failure:
                self.stop()

    def _was_not_run(self, seat: Seat, not_run: NotRun) -> None:
        for position in not_run.positions:
            seat.jobs.pop(position, None)
        self._drop(not_run.positions)
        if not_run.feature is not None:
            self._drop_rest(not_run.feature, not_run.rule)

    def _drop_rest(self, feature: int, rule: int | None) -> None:
        """What failed before scenarios of a feature, or of a rule, would fail before all others."""
        rest = (
            position
            for position, place in enumerate(self._places)
            if place.feature == feature and rule in (None, place.rule)
        )
        given = {position for seat in self.seats for position in seat.jobs}
        self._drop(position for position in rest if position not in given)

    def _drop(self, positions: Iterable[int]) -> None:
        self.gathered.not_run |= {*positions}.difference(self.gathered.results)

    def _end_what_hangs(self) -> None:
        for seat in self.seats:
            limit_s = seat.running.limit_s if seat.running else None
            if limit_s is not None and seat.has_had(limit_s + scaled(_CLEANS_UP_WITHIN_S)):
                seat.is_overdue = True
                seat.signal(signal.SIGKILL)

    def _gone(self, seat: Seat) -> None:
        """A worker has ended, as it was told or not."""
        code = self._zygote.reap(seat.pid)
        seat.connection.close()
        self.seats.remove(seat)
        stacks = _taken(self._files.pop(seat.name))
        if seat.has_ended:
            return
        if seat.run_id is not None:
            self._died(seat.run_id)
        if seat.running is not None:
            self._died_in_scenario(seat, seat.running, seat.how_it_died(code), stacks)
        else:
            self._died_outside(seat, seat.how_it_died(code))
        if seat.unit is not None:
            self._schedule.done(seat.unit)
        if seat.unit is not None and seat.jobs and not self._is_stopping:
            # It had not come to these.
            self._schedule.add(replace(seat.unit, scenarios=tuple(seat.jobs)))
        if not (self._is_stopping or self._schedule.is_empty):
            self._hire()

    def _died_in_scenario(self, seat: Seat, job: Job, what: str, stacks: str) -> None:
        started_id, outcome = self._chronicle.broken_off(seat, job, what, stacks)
        self.gathered.took_s[job.position] = seat.finished()
        scenario = self._places[job.position].scenario
        result = Result(outcome, broken_off(scenario, seat.calls, what), tuple(seat.calls))
        self._attempt_ended(seat, job.position, started_id, result)

    def _died_outside(self, seat: Seat, what: str) -> None:
        """In `before_all`, `after_all`, or a hook of a feature or a rule."""
        self.gathered.died = True
        where = ""
        if not seat.has_begun:
            self.stop()
        elif seat.feature is not None:
            place = next(one for one in self._places if one.feature == seat.feature)
            where = str(place.scenario.feature.location)
            seat.jobs.clear()
            self._drop_rest(seat.feature, None)
        around = Around("a hook", where, Status.ERROR, (f"{WorkerDiedError.__name__}: {what}",))
        self._chronicle.record.note_around(around)


def _taken(files: Iterable[Path]) -> str:
    """Returns what is in the files, and removes them."""
    text = ""
    for file in files:
        if file.exists():
            text += file.read_text(errors="replace")
            file.unlink()
    return text
