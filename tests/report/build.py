"""Writes run directories by the packages that define them, for reports to be made from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cucumber_messages as m
from gherkin.ast_builder import AstBuilder
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator

EVIDENCE_TYPE = "application/vnd.truestep.evidence+json"
START = datetime(2031, 2, 3, 10, 20, 30, tzinfo=UTC)
PASSED = m.TestStepResultStatus.passed
FAILED = m.TestStepResultStatus.failed
SKIPPED = m.TestStepResultStatus.skipped
UNDEFINED = m.TestStepResultStatus.undefined
PENDING = m.TestStepResultStatus.pending


@dataclass
class Went:
    """How a scenario went: the step at `at` (0 is the first) ended with `status`, later ones not.

    `at` None is a scenario that passed; -1 is the hook behind the steps.
    """

    at: int | None = None
    status: m.TestStepResultStatus = FAILED
    kind: str = "AssertionError"
    message: str = "expected 2 cups\nbut: was 1"
    trace: str = "Traceback (most recent call last):\n  …"
    evidence: Mapping[str, Any] | None = None
    attachments: Iterable[tuple[str, str, str]] = ()
    # Selected and not reached; not selected.
    is_reached: bool = True
    is_selected: bool = True
    step_s: float = 0.25
    # How it went when it was run again, each time.
    again: Iterable[Went] = ()
    worker: str | None = None


PASSES = Went()


@dataclass
class RunBuilder:
    """One run directory in the making."""

    folder: Path
    now: datetime = START
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._ids = IdGenerator()
        self._file = (self.folder / "messages.ndjson").open("w", encoding="utf-8")
        self._pickles: list[Any] = []
        self._started_at = self.now
        self._hook = self._new_id()
        self._message(
            "meta",
            m.Meta(
                cpu=m.Product("amd64"),
                implementation=m.Product("truestep", "0.1.0"),
                os=m.Product("Linux"),
                protocol_version="34.2.0",
                runtime=m.Product("CPython", "3.11.7"),
            ),
        )
        self._message("testRunStarted", m.TestRunStarted(self._time(), id="run"))
        place = m.SourceReference(uri="environment.py", location=m.Location(line=3))
        for identity, name in ((self._hook, "after_scenario"), ("all", "before_all")):
            self._message("hook", m.Hook(id=identity, source_reference=place, name=name))

    def feature(self, uri: str, text: str) -> None:
        """Adds a feature file."""
        self._message(
            "source", m.Source(text, m.SourceMediaType.text_x_cucumber_gherkin_plain, uri)
        )
        document: Any = Parser(ast_builder=AstBuilder(self._ids)).parse(text)
        document["uri"] = uri
        self._line({"gherkinDocument": document})
        for pickle in Compiler(self._ids).compile(document):
            self._line({"pickle": pickle})
            self._pickles.append(pickle)

    def run_hook(
        self, message: str | None, kind: str = "ValueError", attached: Iterable[str] = ()
    ) -> None:
        """Runs `before_all`, which attaches these texts; a message makes it fail."""
        self._message(
            "testRunHookStarted", m.TestRunHookStarted("all", "all-1", "run", self._time())
        )
        for text in attached:
            identity = m.AttachmentContentEncoding.identity
            attachment = m.Attachment(
                text, identity, "text/plain", test_run_hook_started_id="all-1"
            )
            self._message("attachment", attachment)
        result = self._result(PASSED)
        if message is not None:
            result = self._result(FAILED, m.Exception(kind, message, "Traceback …"))
        self._message("testRunHookFinished", m.TestRunHookFinished(result, "all-1", self._time()))

    def run(self, how: Callable[[str], Went] = lambda _: PASSES) -> None:
        """Runs every scenario; `how` says how it went, by its name."""
        for pickle in self._pickles:
            went = how(pickle["name"])
            if went.is_selected:
                self._case(pickle, went)

    def finish(self, *, success: bool = True, **facts: Any) -> Path:
        """Ends the run and returns its directory."""
        finished = m.TestRunFinished(success, self._time(), test_run_started_id="run")
        self._message("testRunFinished", finished)
        return self.cut(finished=self.now.isoformat(), exit_code=0 if success else 1, **facts)

    def cut(self, **facts: Any) -> Path:
        """Leaves the directory as a kill would, and returns it."""
        self._file.close()
        written = {"run_id": self.folder.name, "started": self._started_at.isoformat()}
        text = json.dumps(written | self.facts | facts)
        (self.folder / "run.json").write_text(text, encoding="utf-8")
        return self.folder

    def _case(self, pickle: Any, went: Went) -> None:
        case = self._new_id()
        steps = [m.TestStep(self._new_id(), pickle_step_id=row["id"]) for row in pickle["steps"]]
        steps.append(m.TestStep(self._new_id(), hook_id=self._hook))
        self._message("testCase", m.TestCase(case, pickle["id"], steps, "run"))
        attempts = [went, *went.again] if went.is_reached else []
        for number, attempt in enumerate(attempts):
            self._attempt(number, case, steps, attempt, is_last=number + 1 == len(attempts))

    def _attempt(
        self, number: int, case: str, steps: list[m.TestStep], went: Went, *, is_last: bool
    ) -> None:
        start = self._new_id()
        started = m.TestCaseStarted(number, start, case, self._time(), worker_id=went.worker)
        self._message("testCaseStarted", started)
        decisive = steps[went.at] if went.at is not None else None
        status = PASSED
        for step in steps:
            self._message("testStepStarted", m.TestStepStarted(start, step.id, self._time()))
            self.now += timedelta(seconds=went.step_s)
            if step is decisive:
                raised = m.Exception(went.kind, went.message, went.trace)
                result = self._result(went.status, raised if went.status is FAILED else None)
            elif step.hook_id:
                result = self._result(PASSED)
            else:
                result = self._result(status)
            if step is decisive:
                status = SKIPPED
            self._message(
                "testStepFinished", m.TestStepFinished(start, step.id, result, self._time())
            )
        for media_type, name, body in went.attachments:
            self._attach(start, steps[0].id, media_type, name, body)
        if went.evidence is not None:
            self._attach(start, None, EVIDENCE_TYPE, "evidence.json", json.dumps(went.evidence))
        self._message(
            "testCaseFinished",
            m.TestCaseFinished(start, self._time(), will_be_retried=not is_last),
        )

    def _attach(self, start: str, step: str | None, media_type: str, name: str, body: str) -> None:
        self._message(
            "attachment",
            m.Attachment(
                body,
                m.AttachmentContentEncoding.identity,
                media_type,
                file_name=name,
                test_case_started_id=start,
                test_step_id=step,
            ),
        )

    def _result(
        self, status: m.TestStepResultStatus, raised: m.Exception | None = None
    ) -> m.TestStepResult:
        return m.TestStepResult(m.Duration(250_000_000, 0), status, exception=raised)

    def _time(self) -> m.Timestamp:
        return m.Timestamp(self.now.microsecond * 1000, int(self.now.timestamp()))

    def _new_id(self) -> str:
        return str(self._ids.get_next_id())

    def _message(self, kind: str, message: Any) -> None:
        self._line({kind: m.message_converter.to_dict(message)})

    def _line(self, message: Any) -> None:
        self._file.write(json.dumps(message, ensure_ascii=False) + "\n")
