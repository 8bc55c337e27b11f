"""Writes what happens in a run as Cucumber Messages, as it happens."""

from __future__ import annotations

import base64
import platform
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from cucumber_messages import (
    Attachment,
    AttachmentContentEncoding,
    Hook,
    HookType,
    Meta,
    Product,
    SourceReference,
    TestCaseFinished,
    TestCaseStarted,
    TestRunFinished,
    TestRunHookFinished,
    TestRunHookStarted,
    TestRunStarted,
    TestStepFinished,
    TestStepResult,
    TestStepStarted,
)
from gherkin.stream.id_generator import IdGenerator

from truestep.redaction import redact
from truestep.runner.cases import Case, Cases, Key
from truestep.runner.features import Sources
from truestep.runner.folder import RunFolder
from truestep.runner.messages import duration, line, now
from truestep.runner.outcomes import Outcome, Status, outcome_of
from truestep.runner.results import describe, hook_result, step_result

_PROTOCOL = version("cucumber-messages")
_LARGE_BYTES = 64 * 1024
OUTCOME = "application/vnd.truestep.outcome+json"


class Recorder:
    """The record of one run.

    A pickle without a test case was not selected; a test case that never started was not run.

    Args:
        folder: where it is written.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._ids = IdGenerator()
        self._sources = Sources(self._ids)
        self._pickles: dict[int, dict[str, Any]] = {}
        self._cases: Cases | None = None
        self._run_id = self._ids.get_next_id()
        self.scenario: Any = None
        self._case: Case | None = None
        self._run_hook: tuple[str, float] | None = None

    def runs(self, statement: Any) -> bool:
        """Tells whether this is the scenario that runs now."""
        return self._case is not None and self.scenario is statement

    def begin(self, paths: Iterable[str], scenarios: Iterable[Any]) -> None:
        """Writes what is known before the first hook.

        Args:
            paths: the feature files.
            scenarios: all of behave's that were read from them.
        """
        self._write("meta", _meta())
        for kind, message in self._sources.read(paths):
            self._write(kind, message)
        for scenario in scenarios:
            self._pickles[id(scenario)] = pickle = self._sources.pickle(scenario)
            self._write("pickle", pickle)
        self._write("testRunStarted", TestRunStarted(timestamp=now(), id=self._run_id))

    def select(self, scenarios: Iterable[Any], registry: Any, hooks: Any) -> None:
        """Writes the test cases.

        Args:
            scenarios: those that are to run.
            registry: behave's step registry.
            hooks: behave's hooks, by name.
        """
        self._cases = cases = Cases(self._ids, registry, hooks)
        for scenario in scenarios:
            for kind, message in cases.add(scenario, self._pickles[id(scenario)], self._run_id):
                self._write(kind, message)

    def scenario_started(self, scenario: Any) -> None:
        """The scenario begins; one that was not selected is not recorded."""
        self.scenario = scenario
        self._case = self._cases.of(scenario) if self._cases else None
        if self._case is not None:
            self._case.start(self._ids.get_next_id())
            started = TestCaseStarted(
                attempt=self._case.attempts - 1,
                id=self._case.started_id,
                test_case_id=self._case.id,
                timestamp=now(),
            )
            self._write("testCaseStarted", started)

    def step_started(self, key: Key) -> None:
        """A step (or a hook, by its name) of the test case begins; those before it did not run."""
        if self._case is None or key not in self._case.waiting:
            return
        self._skip_until(self._case, key)
        self._start(self._case, key)

    def step_finished(self, step: Any, errors: Sequence[BaseException]) -> None:
        """A step ends, as behave says, with what it and its hooks raised."""
        if self._case is None or id(step) not in self._case.waiting:
            return
        self._case.errors += errors
        self._finish(self._case, id(step), step_result(step, errors))

    def hook_finished(self, name: str, errors: Sequence[BaseException]) -> None:
        """A hook of the test case ends, or its cleanups."""
        if self._case is None or name not in self._case.waiting:
            return
        self._case.errors += errors
        self._finish(self._case, name, hook_result(self._case.step_began, errors))

    def scenario_finished(self, scenario: Any) -> Outcome | None:
        """The scenario has ended, with its hooks and cleanups; returns how, if it was selected."""
        if self._case is None:
            return None
        outcome = outcome_of(scenario, self._case.errors)
        self._close(self._case, outcome)
        return outcome

    def run_hook_started(self, name: str, place: SourceReference) -> None:
        """A hook outside of scenarios begins, or the cleanups of a feature, a rule or the run."""
        before = name.startswith("before")
        hook_id, started_id = self._ids.get_next_id(), self._ids.get_next_id()
        kind = HookType.before_test_run if before else HookType.after_test_run
        self._write("hook", Hook(id=hook_id, source_reference=place, name=name, type=kind))
        self._run_hook = started_id, time.monotonic()
        started = TestRunHookStarted(
            hook_id=hook_id, id=started_id, test_run_started_id=self._run_id, timestamp=now()
        )
        self._write("testRunHookStarted", started)

    def run_hook_finished(self, errors: Sequence[BaseException]) -> None:
        """It ends."""
        if self._run_hook is None:
            return
        started_id, began = self._run_hook
        self._run_hook = None
        finished = TestRunHookFinished(
            result=hook_result(began, errors), test_run_hook_started_id=started_id, timestamp=now()
        )
        self._write("testRunHookFinished", finished)

    def attach(self, media_type: str, data: bytes, *, to_step: Key | None = None) -> None:
        """Keeps data with the test case that runs, and its step; else with the hook of the run.

        What is large goes into a file of its own.
        """
        encodings = AttachmentContentEncoding
        text = media_type.startswith("text/") or media_type.endswith("json")
        if text:
            data = redact(data.decode(errors="backslashreplace")).encode()
        body, url = "", None
        if len(data) > _LARGE_BYTES:
            kind = "".join(filter(str.isalnum, media_type.rpartition("+")[2].rpartition("/")[2]))
            url = self._folder.evidence(f"{self._ids.get_next_id()}.{kind}", data)
        else:
            body = data.decode() if text else base64.b64encode(data).decode()
        attachment = Attachment(
            body=body,
            content_encoding=encodings.identity if text else encodings.base64,
            media_type=media_type,
            timestamp=now(),
            url=url,
            test_case_started_id=self._case.started_id if self._case else None,
            test_step_id=self._case.steps.get(to_step)
            if self._case and to_step is not None
            else None,
            test_run_hook_started_id=None
            if self._case or not self._run_hook
            else self._run_hook[0],
        )
        self._write("attachment", attachment)

    def break_off(self, error: BaseException) -> Outcome | None:
        """Something broke through the run; ends the test case, if one runs, and returns how."""
        self.run_hook_finished([error])
        case = self._case
        if case is None:
            return None
        key = case.running if case.running is not None else next(iter(case.waiting), None)
        if key is not None:
            self.step_started(key)
            self._finish(case, key, hook_result(case.step_began, [error]))
        outcome = Outcome(Status.ERROR, redact(describe(error)))
        self._close(case, outcome)
        return outcome

    def finish(self, *, success: bool, message: str | None) -> None:
        """Writes the last message."""
        finished = TestRunFinished(
            success=success,
            timestamp=now(),
            message=redact(message) if message else None,
            test_run_started_id=self._run_id,
        )
        self._write("testRunFinished", finished)

    def _close(self, case: Case, outcome: Outcome) -> None:
        self._skip_until(case, None)
        if outcome.status not in (Status.PASSED, Status.SKIPPED):
            self.attach(OUTCOME, outcome.json().encode())
        finished = TestCaseFinished(case.started_id, timestamp=now(), will_be_retried=False)
        self._write("testCaseFinished", finished)
        self._case = None

    def _skip_until(self, case: Case, key: Key | None) -> None:
        for other in list(case.waiting):
            if other == key:
                return
            self._start(case, other)
            self._finish(case, other, TestStepResult(duration(0), case.unexecuted(other)))

    def _start(self, case: Case, key: Key) -> None:
        if case.running == key:
            return
        case.running = key
        case.step_began = time.monotonic()
        started = TestStepStarted(case.started_id, case.waiting[key], timestamp=now())
        self._write("testStepStarted", started)

    def _finish(self, case: Case, key: Key, result: TestStepResult) -> None:
        case.running = None
        step_id = case.waiting.pop(key)
        finished = TestStepFinished(case.started_id, step_id, result, timestamp=now())
        self._write("testStepFinished", finished)

    def _write(self, kind: str, message: Any) -> None:
        self._folder.message(line(kind, message))


def _meta() -> Meta:
    return Meta(
        protocol_version=_PROTOCOL,
        implementation=Product(name="truestep", version=version("truestep")),
        runtime=Product(name=platform.python_implementation(), version=platform.python_version()),
        os=Product(name=platform.system(), version=platform.release()),
        cpu=Product(name=platform.machine()),
    )
