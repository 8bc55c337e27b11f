"""The test case that runs: what its steps and hooks come to, written as they end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from behave.model_type import Status
from cucumber_messages import (
    TestStepFinished,
    TestStepResult,
    TestStepResultStatus,
)

from truestep.errors import UndefinedStepError
from truestep.runner.cases import Case, Key
from truestep.runner.messages import (
    case_finished,
    case_started,
    duration,
    line,
    now,
    step_passed,
    step_started,
)
from truestep.runner.results import hook_result, step_result


class Write(Protocol):
    """Takes a line of the record; with `more`, another one follows at once."""

    def __call__(self, line: bytes, *, more: bool = False) -> None:
        """Writes it."""


class RunningCase:
    """One attempt of one test case.

    Args:
        case: which one.
        started_id: the attempt's own id.
        write: takes a line of the record.
        worker: the worker process that runs it, if one does.
    """

    def __init__(
        self, case: Case, started_id: str, write: Write, worker: str | None = None
    ) -> None:
        self.id = started_id
        self.errors: list[BaseException] = []
        self.has_failed = False
        self.case = case
        self._write = write
        self._waiting = dict(case.steps)
        self._running: Key | None = None
        self._began = 0.0
        # What follows comes at once: the first hook or step.
        write(case_started(case.id, started_id, case.attempts, worker), more=True)
        case.attempts += 1

    def step_id(self, key: Key) -> str | None:
        """Returns the id of one of its steps or hooks."""
        return self.case.steps.get(key)

    def start(self, key: Key) -> None:
        """A step, or a hook by its name, begins; those before it, still waiting, did not run."""
        if key not in self._waiting or key == self._running:
            return
        self._skip_until(key)
        self._running = key
        self._began = time.monotonic()
        self._write(step_started(self.id, self._waiting[key]))

    def step_finished(self, step: Any, errors: Sequence[BaseException]) -> None:
        """A step ends, as behave says; `errors` is what it and its hooks raised."""
        self.errors += errors
        if step.status is Status.passed and not errors:
            self._passed(id(step), step.duration)
        else:
            self.has_failed |= step.status.has_failed()
            self._finish(id(step), step_result(step, errors))

    def hook_finished(self, name: str, errors: Sequence[BaseException]) -> None:
        """A hook ends, or the cleanups."""
        if errors:
            self.errors += errors
            self.has_failed = True
            self._finish(name, hook_result(self._began, errors))
        else:
            self._passed(name, time.monotonic() - self._began)

    def break_off(self, error: BaseException) -> None:
        """What runs, or would be next, ends by an error that broke through the run."""
        self.errors.append(error)
        key = self._running if self._running is not None else next(iter(self._waiting), None)
        if key is not None:
            self.start(key)
            self._finish(key, hook_result(self._began, [error]))

    def skip_rest(self) -> None:
        """What did not run so far does not run any more."""
        self._skip_until(None)

    def close(self, *, is_retried: bool) -> None:
        """The attempt ends; another one may follow."""
        self._write(case_finished(self.id, is_retried=is_retried))

    def _skip_until(self, key: Key | None) -> None:
        for other in list(self._waiting):
            if other == key:
                return
            self._write(step_started(self.id, self._waiting[other]))
            self._finish(other, TestStepResult(duration(0), self._unexecuted(other)))

    def _unexecuted(self, key: Key) -> TestStepResultStatus:
        refused = any(isinstance(error, UndefinedStepError) for error in self.errors)
        if refused and key in self.case.undefined:
            return TestStepResultStatus.undefined
        return TestStepResultStatus.skipped

    def _passed(self, key: Key, took_s: float) -> None:
        step_id = self._waiting.pop(key, None)
        if step_id is not None:
            self._running = None
            # What follows comes at once: the next step, the cleanups, or the end.
            self._write(step_passed(self.id, step_id, took_s), more=True)

    def _finish(self, key: Key, result: TestStepResult) -> None:
        step_id = self._waiting.pop(key, None)
        if step_id is not None:
            self._running = None
            finished = TestStepFinished(self.id, step_id, result, timestamp=now())
            self._write(line("testStepFinished", finished))
