"""What workers have told, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from truestep.runner.outcomes import Around
from truestep.runner.parallel.assignments import Assignments
from truestep.runner.parallel.chronicle import Chronicle
from truestep.runner.parallel.hook_broken_off import HookBrokenOff
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.states import broken_off
from truestep.runner.parallel.tally import Tally
from truestep.runner.parallel.wire import (
    Asks,
    Began,
    Ended,
    Entered,
    FailedAround,
    FailedService,
    Finished,
    Job,
    Left,
    NotRun,
    Part,
    Recorded,
    Result,
    Started,
    StartedServices,
    Told,
)


class Gathered:
    """What is known of a run by what its workers have told, and by their deaths.

    By the numbers of a feature and a rule, or None for the feature itself, `entered` says where
    workers have run the hooks that come before, and `parts` what has ended there. `began` and
    `ended` are what workers told then. `aborted`: code of the project has ended the run. `died`: a
    worker has died outside of every scenario. `seats` are the workers that there are.

    Args:
        places: of all scenarios.
        plan: called once the first worker has begun; fills the assignments.
        assignments: who runs what.
        tally: of the scenarios.
        chronicle: where what happens is written.
        stops_at_failure: whether nothing more begins once a scenario has failed.
    """

    def __init__(
        self,
        places: Sequence[Place],
        *,
        plan: Callable[[Began], None],
        assignments: Assignments,
        tally: Tally,
        chronicle: Chronicle,
        stops_at_failure: bool,
    ) -> None:
        self._places = places
        self._plan = plan
        self._assignments = assignments
        self._tally = tally
        self._chronicle = chronicle
        self._stops_at_failure = stops_at_failure
        self.entered: defaultdict[tuple[int, int | None], list[Entered]] = defaultdict(list)
        self.parts: defaultdict[tuple[int, int | None], list[Part]] = defaultdict(list)
        self.began: list[Began] = []
        self.ended: list[Ended] = []
        self.aborted = False
        self.died = False
        self.seats: list[Seat] = []

    def take(self, seat: Seat, message: Any) -> None:  # noqa: C901, PLR0912  # a table of kinds
        """A worker has told something."""
        record = self._chronicle.record
        match message:
            case Recorded(lines):
                seat.recorded(lines)
                record.write(lines)
            case Told(calls):
                seat.calls += calls
            case Started(position):
                seat.began(position)
            case Finished():
                self._finished(seat, message)
            case Asks():
                self._assignments.ended(seat)
                seat.is_waiting = True
            case Began():
                self._began(seat, message)
            case Entered(feature, rule):
                self.entered[feature, rule].append(message)
            case Left(feature, parts):
                for part in parts:
                    self.parts[feature, part.rule].append(part)
                seat.left(feature)
            case NotRun():
                self._was_not_run(seat, message)
            case Ended():
                self._has_ended(seat, message)
            case FailedAround(around):
                self.note(around)
            case FailedService(what, where):
                record.note_failed_service(what, where)
            case StartedServices(rows):
                record.note_started(rows)

    def given(self) -> set[int]:
        """Returns the scenarios that workers have, and have not done."""
        return {position for seat in self.seats for position in (*seat.jobs, *seat.again)}

    def died_in_scenario(self, seat: Seat, job: Job, what: str, stacks: str) -> None:
        """A worker has died in a scenario; `what` says how, `stacks` where its threads were."""
        started_id, outcome = self._chronicle.broken_off(seat, job, what, stacks)
        self._tally.took_s[job.position] = seat.finished()
        scenario = self._places[job.position].scenario
        result = Result(outcome, broken_off(scenario, seat.calls, what), tuple(seat.calls))
        self._attempt_ended(seat, job.position, started_id, result)

    def died_outside(self, seat: Seat, what: str) -> None:
        """In `before_all`, `after_all`, in a hook of a feature or a rule, or while it waited."""
        self.died = True
        hook = HookBrokenOff.of(seat.lines)
        self._chronicle.hook_broken_off(hook, what)
        self.note(hook.around(what))
        if not seat.has_begun:
            self._assignments.stop()
        feature, rule = hook.stands_at(self._places) or (seat.feature, None)
        if feature is None:
            return
        self.parts[feature, rule].append(hook.part(rule, what))
        if not hook.is_last and seat.jobs:
            entered = Entered(feature, rule, hook_failed=True, is_skipped=False, printed="")
            self.entered[feature, rule].append(entered)
            seat.jobs = {}
            self._give_up_rest(feature, rule)

    def note(self, around: Around) -> None:
        """Something failed outside of scenarios."""
        if around not in self._chronicle.record.around:
            # Each worker has its own `before_all`; what is the same is told once.
            self._chronicle.record.note_around(around)

    def _began(self, seat: Seat, began: Began) -> None:
        seat.has_begun, seat.run_id = True, began.run_id
        self.began.append(began)
        if len(self.began) == 1:
            self._plan(began)
        if not began.passed:
            self.aborted = True
            self._assignments.stop()

    def _has_ended(self, seat: Seat, ended: Ended) -> None:
        seat.has_ended = True
        self.ended.append(ended)
        if ended.aborted and not self._assignments.is_stopped:
            self.aborted = True
            self._assignments.stop()

    def _finished(self, seat: Seat, finished: Finished) -> None:
        self._tally.took_s[finished.position] = seat.finished()
        result = Result(finished.outcome, finished.state, tuple(seat.calls))
        self._attempt_ended(seat, finished.position, finished.started_id, result)

    def _attempt_ended(self, seat: Seat, position: int, started_id: str, result: Result) -> None:
        repeats = self._tally.attempts.repeat > 1
        if repeats and result.outcome.failed and self._stops_at_failure:
            self._assignments.stop()
        is_ending = self._assignments.is_stopped
        follows = self._tally.attempt_ended(position, result, is_ending=is_ending)
        self._chronicle.attempt_ended(position, started_id, result.outcome, is_retried=follows)
        if not follows:
            if self._tally.results[position].outcome.failed and self._stops_at_failure:
                self._assignments.stop()
        elif not repeats:
            seat.again.append(position)

    def _was_not_run(self, seat: Seat, not_run: NotRun) -> None:
        for position in not_run.positions:
            seat.jobs.pop(position, None)
        self._tally.give_up(not_run.positions)
        if not_run.feature is not None:
            self._give_up_rest(not_run.feature, not_run.rule)

    def _give_up_rest(self, feature: int, rule: int | None) -> None:
        """What failed before scenarios of a feature, or of a rule, would fail before all others."""
        rest = (
            position
            for position, place in enumerate(self._places)
            if place.feature == feature and rule in (None, place.rule)
        )
        self._tally.give_up({*rest} - self.given())
