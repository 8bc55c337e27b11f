"""Writes what happens in a run as Cucumber Messages, as it happens."""

from __future__ import annotations

import base64
import platform
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from cucumber_messages import (
    Attachment,
    AttachmentContentEncoding,
    Hook,
    HookType,
    Meta,
    Product,
    SourceReference,
    TestRunFinished,
    TestRunHookFinished,
    TestRunHookStarted,
    TestRunStarted,
)
from gherkin.stream.id_generator import IdGenerator

from truestep import __version__
from truestep.redaction import redact
from truestep.report.layout import OUTCOME_TYPE
from truestep.runner.cases import Case, Cases, Key
from truestep.runner.features import Sources
from truestep.runner.messages import line, now
from truestep.runner.outcomes import Outcome, Status
from truestep.runner.results import hook_result
from truestep.runner.running import RunningCase

# The version of Cucumber Messages that this is written by.
PROTOCOL = "34.2.0"
_LARGE_BYTES = 64 * 1024


class Folder(Protocol):
    """Where a record is written."""

    def message(self, line: bytes, *, more: bool = False) -> None:
        """Appends a line; with `more`, another one follows at once."""

    def evidence(self, name: str, content: bytes) -> str:
        """Writes a file of evidence and returns its path, relative to the folder."""


class Recorder:
    """The record of one run.

    A pickle without a test case was not selected; a test case that never started was not run.

    Args:
        folder: where it is written.
        ids: makes ids that nothing else of the run has.
        run_id: the message that the run has started has it; without it, this recorder writes that.
        worker: the worker process that this is; it is not the one to say that a test case has
            ended, as that takes knowing whether it is tried again.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        ids: IdGenerator | None = None,
        run_id: str | None = None,
        worker: str | None = None,
    ) -> None:
        self._folder = folder
        self._ids = ids or IdGenerator()
        self._worker = worker
        self._sources = Sources(self._ids)
        self._pickles: dict[int, dict[str, Any]] = {}
        self.cases: dict[int, Case] = {}
        self.run_id = run_id or self._ids.get_next_id()
        self.scenario: Any = None
        self.case: RunningCase | None = None
        self._last: RunningCase | None = None
        self._run_hook: tuple[str, float] | None = None

    def begin(
        self, paths: Iterable[str], unreadable: Iterable[str], scenarios: Iterable[Any]
    ) -> None:
        """Writes what is known before the first hook.

        Args:
            paths: the feature files that behave has read.
            unreadable: those that it could not read.
            scenarios: all of behave's.
        """
        self._write("meta", _meta())
        files = [*((path, True) for path in paths), *((path, False) for path in unreadable)]
        for path, is_readable in files:
            for kind, message in self._sources.read(path, is_readable=is_readable):
                self._write(kind, message, more=True)
        for scenario in scenarios:
            self._pickles[id(scenario)] = pickle = self._sources.pickle(scenario)
            self._write("pickle", pickle, more=True)
        self._write("testRunStarted", TestRunStarted(timestamp=now(), id=self.run_id))

    def select(self, scenarios: Iterable[Any], registry: Any, hooks: Any) -> None:
        """Writes the test cases.

        Args:
            scenarios: those that are to run.
            registry: behave's step registry.
            hooks: behave's hooks, by name.
        """
        cases = Cases(self._ids, registry, hooks)
        for scenario in scenarios:
            for kind, message in cases.add(scenario, self._pickles[id(scenario)], self.run_id):
                self._write(kind, message, more=True)
        self._folder.message(b"")
        self.cases = cases.all
        # What was read is written, and takes more memory than all that is to come.
        self._sources, self._pickles = Sources(self._ids), {}

    def scenario_started(self, scenario: Any) -> None:
        """The scenario begins; one that was not selected is not recorded."""
        case = self.cases.get(id(scenario))
        self._close_last(case)
        if case is not None:
            self.scenario = scenario
            started_id = self._ids.get_next_id()
            self.case = RunningCase(case, started_id, self._folder.message, self._worker)

    def scenario_finished(self, outcome: Outcome) -> None:
        """The scenario has ended, with its hooks and cleanups."""
        case = self.case
        if case is None:
            return
        case.skip_rest()
        if outcome.status not in (Status.PASSED, Status.SKIPPED):
            self.attach(OUTCOME_TYPE, outcome.json().encode(errors="backslashreplace"))
        self.scenario = self.case = None
        if self._worker is not None:
            return
        # A failed one may be tried again, which is known when the next one begins.
        self._last = case
        if not outcome.failed:
            self._close_last(None)

    def run_hook_started(self, name: str, place: SourceReference) -> None:
        """A hook outside of scenarios begins, or the cleanups of a feature, a rule or the run."""
        before = name.startswith("before")
        hook_id, started_id = self._ids.get_next_id(), self._ids.get_next_id()
        kind = HookType.before_test_run if before else HookType.after_test_run
        self._write("hook", Hook(id=hook_id, source_reference=place, name=name, type=kind))
        self._run_hook = started_id, time.monotonic()
        started = TestRunHookStarted(
            hook_id=hook_id, id=started_id, test_run_started_id=self.run_id, timestamp=now()
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
        case, hook = self.case, self._run_hook
        attachment = Attachment(
            body=body,
            content_encoding=encodings.identity if text else encodings.base64,
            media_type=media_type,
            timestamp=now(),
            url=url,
            test_case_started_id=case.id if case else None,
            test_step_id=case.step_id(to_step) if case and to_step is not None else None,
            test_run_hook_started_id=hook[0] if hook and not case else None,
        )
        self._write("attachment", attachment)

    def attach_to(self, started_id: str, media_type: str, text: str) -> None:
        """Keeps text with an attempt at a test case that this recorder has not run."""
        attachment = Attachment(
            body=redact(text),
            content_encoding=AttachmentContentEncoding.identity,
            media_type=media_type,
            timestamp=now(),
            test_case_started_id=started_id,
        )
        self._write("attachment", attachment)

    def finish(self, *, success: bool, message: str | None) -> None:
        """Writes the last messages."""
        self._close_last(None)
        finished = TestRunFinished(
            success=success,
            timestamp=now(),
            message=redact(message) if message else None,
            test_run_started_id=self.run_id,
        )
        self._write("testRunFinished", finished)

    def _close_last(self, following: Case | None) -> None:
        if self._last is not None:
            self._last.close(is_retried=following is self._last.case)
            self._last = None

    def _write(self, kind: str, message: Any, *, more: bool = False) -> None:
        self._folder.message(line(kind, message), more=more)


def _meta() -> Meta:
    return Meta(
        protocol_version=PROTOCOL,
        implementation=Product(name="truestep", version=__version__),
        runtime=Product(name=platform.python_implementation(), version=platform.python_version()),
        os=Product(name=platform.system(), version=platform.release()),
        cpu=Product(name=platform.machine()),
    )
