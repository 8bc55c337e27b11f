"""The record of a run whose scenarios run in workers, and what it says of their test cases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cucumber_messages import (
    TestCaseFinished,
    TestRunHookFinished,
    TestStepFinished,
    TestStepResult,
)
from cucumber_messages import TestStepResultStatus as StepStatus

from truestep.redaction import redact
from truestep.report.layout import OUTCOME_TYPE
from truestep.runner.messages import duration, line, now, step_started
from truestep.runner.outcomes import Outcome, Status
from truestep.runner.parallel.hook_broken_off import HookBrokenOff
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.wire import Began, Job
from truestep.runner.record import RunRecord


class Chronicle:
    """Writes what happens in workers into the record of the run.

    Args:
        record: of the run.
        places: of all scenarios.
        limits_s: how long each scenario may take, by position; None for as long as it likes.
    """

    def __init__(
        self, record: RunRecord, places: Sequence[Place], limits_s: Sequence[float | None]
    ) -> None:
        self.record = record
        self._places = places
        self._limits_s = limits_s

    def begin(self, began: Began, features: Sequence[Any], config: Any, registry: Any) -> None:
        """The first worker has begun, and has told which scenarios and hooks there are."""
        selected = set(began.selected)
        for position, place in enumerate(self._places):
            if position not in selected:
                place.scenario.should_skip = True
        self.record.keep_hooks(began.hooks)
        self.record.select(features, config, registry)

    def job(self, position: int, attempt: int) -> Job:
        """Returns the job of an attempt at a scenario."""
        scenario = self._places[position].scenario
        case = self.record.case_of(scenario)
        numbers = {id(step): number for number, step in enumerate(scenario.all_steps)}
        steps = (
            (numbers[key] if isinstance(key, int) else key, step_id)
            for key, step_id in case.steps.items()
        )
        return Job(
            position,
            attempt,
            case.id,
            tuple(steps),
            frozenset(numbers[key] for key in case.undefined if isinstance(key, int)),
            self._limits_s[position],
        )

    def attempt_ended(
        self, position: int, started_id: str, outcome: Outcome, *, is_retried: bool
    ) -> None:
        """An attempt at a scenario has ended."""
        if started_id:
            finished = TestCaseFinished(started_id, timestamp=now(), will_be_retried=is_retried)
            self.record.write(line("testCaseFinished", finished))
        self.record.note_outcome(self._places[position].scenario, outcome)

    def broken_off(self, seat: Seat, job: Job, what: str, stacks: str) -> tuple[str, Outcome]:
        """Writes the end of the attempt at which a worker died.

        Args:
            seat: of the worker.
            job: what it was at.
            what: how it died.
            stacks: where its threads were then; empty when nobody knows.

        Returns:
            The id of the attempt, empty when none was recorded; its outcome, an error.
        """
        outcome = Outcome(Status.ERROR, redact(what))
        started_id = ""
        for row in _rows(seat.lines):
            started_id = row.get("testCaseStarted", {}).get("id", started_id)
        if started_id:
            self.record.write(b"".join(_ends(seat, job, started_id, outcome.what)))
            if stacks:
                self.record.attach_to(started_id, "text/plain", stacks)
            self.record.attach_to(started_id, OUTCOME_TYPE, outcome.json())
        return started_id, outcome

    def hook_broken_off(self, hook: HookBrokenOff, what: str) -> None:
        """Writes the end of the hook in which a worker died; `what` says how."""
        if hook.started_id:
            result = TestStepResult(duration(0), StepStatus.failed, message=redact(what))
            finished = TestRunHookFinished(
                result=result, test_run_hook_started_id=hook.started_id, timestamp=now()
            )
            self.record.write(line("testRunHookFinished", finished))


def _ends(seat: Seat, job: Job, started_id: str, what: str) -> Iterator[bytes]:
    """Yields the lines that end what ran, with an error, and what has not run."""
    begun = {row["testStepStarted"]["testStepId"] for row in _rows(seat.lines, "testStepStarted")}
    ended = {row["testStepFinished"]["testStepId"] for row in _rows(seat.lines, "testStepFinished")}
    left = [step_id for _, step_id in job.steps if step_id not in ended]
    # What ran, or else what would have been next, is what it died at.
    died_at = next((one for one in left if one in begun), left[0] if left else None)
    for step_id in left:
        if step_id not in begun:
            yield step_started(started_id, step_id)
        failed = step_id == died_at
        status = StepStatus.failed if failed else StepStatus.skipped
        result = TestStepResult(duration(0), status, message=what if failed else None)
        yield line("testStepFinished", TestStepFinished(started_id, step_id, result, now()))


def _rows(lines: Sequence[bytes], kind: str = "") -> Iterator[dict[str, Any]]:
    for row in b"".join(lines).splitlines():
        if kind.encode() in row:
            yield json.loads(row)
