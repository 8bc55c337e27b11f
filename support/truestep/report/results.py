"""From what the record says of a test case to how its steps went."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from truestep import errors
from truestep.report.attempt import Attachment, Entry, Evidence, Problem, Step, Table
from truestep.report.layout import EVIDENCE, EVIDENCE_TYPE, OUTCOME_TYPE
from truestep.report.outcome import Outcome, worst
from truestep.report.record import CaseRecord, Record, seconds, when

_OWN_TYPES = (EVIDENCE_TYPE, OUTCOME_TYPE)

_STATUS = {
    "PASSED": Outcome.PASSED,
    "SKIPPED": Outcome.SKIPPED,
    "PENDING": Outcome.PENDING,
    "UNDEFINED": Outcome.UNDEFINED,
    "AMBIGUOUS": Outcome.ERROR,
    "UNKNOWN": Outcome.NOT_RUN,
}


def _names(base: type[BaseException]) -> frozenset[str]:
    own = (kind for kind in vars(errors).values() if isinstance(kind, type))
    return frozenset(kind.__name__ for kind in own if issubclass(kind, base))


_INFRASTRUCTURE = _names(errors.ServiceError) | _names(errors.BackendUnavailableError)
_EXPECTATIONS = _names(AssertionError)
_UNDEFINED = _names(errors.UndefinedStepError)


def outcome_of(result: dict[str, Any]) -> Outcome:
    """Returns how a step or hook ended: a failure is told apart by what was raised."""
    status = result["status"]
    if status != "FAILED":
        return _STATUS.get(status, Outcome.ERROR)
    kind = (result.get("exception") or {}).get("type", "")
    if kind in _INFRASTRUCTURE:
        return Outcome.INFRASTRUCTURE
    if kind in _UNDEFINED:
        return Outcome.UNDEFINED
    # The record has only the name of a class; by convention it tells what the class is.
    is_expectation = kind in _EXPECTATIONS or kind.endswith("AssertionError")
    return Outcome.FAILED if is_expectation else Outcome.ERROR


def problem_of(result: dict[str, Any]) -> Problem | None:
    """Returns why a step or hook did not end well, if it did not."""
    raised = result.get("exception") or {}
    message = raised.get("message") or result.get("message") or ""
    if not raised and (not message or result["status"] in ("PASSED", "SKIPPED")):
        return None
    return Problem(raised.get("type", ""), message, raised.get("stackTrace", ""))


class CaseReader:
    """Reads the steps, evidence and attachments of test cases.

    Args:
        record: of the run.
        folder: its directory.
        evidence: where its files of evidence are for a reader of the report.
    """

    def __init__(self, record: Record, folder: Path, evidence: str) -> None:
        self._record = record
        self._folder = folder
        self._evidence_place = evidence
        # By the id of the node in the feature file.
        self.keywords: dict[str, tuple[str, int, bool]] = {}

    def steps(self, pickle: dict[str, Any], case: CaseRecord | None) -> tuple[Step, ...]:
        """Returns the steps in the order they were to run; hooks only when something is to see."""
        rows = {row["id"]: row for row in pickle["steps"]}
        if case is None:
            return tuple(self._step(row, {}, None, "") for row in rows.values())
        steps = []
        for test_step in case.test_case["testSteps"]:
            row = rows.get(test_step.get("pickleStepId", ""))
            if row is None and _is_quiet(case, test_step["id"]):
                continue
            step = self._step(row, test_step, case, self._hook(test_step))
            steps.append(step)
        return _as_stated(tuple(steps), _stated(case)[0])

    def outcome(self, steps: Iterable[Step], case: CaseRecord | None) -> Outcome:
        """Returns how the whole went."""
        if case is None:
            return Outcome.SKIPPED
        if case.started is None:
            return Outcome.NOT_RUN
        return _stated(case)[0] or _concluded(steps, is_finished=case.finished is not None)

    def why(self, case: CaseRecord | None) -> str:
        """Returns in one line what was raised first; "" when nothing was, or nobody said."""
        return _stated(case)[1] if case else ""

    def evidence(self, case: CaseRecord | None) -> Evidence:
        """Returns what was kept of what the scenario saw."""
        for row in case.attachments[""] if case else ():
            if row["mediaType"] == EVIDENCE_TYPE:
                return self._evidence(row)
        return Evidence()

    def attachments(self, case: CaseRecord | None) -> tuple[Attachment, ...]:
        """Returns what was attached to the scenario as a whole, but for its evidence."""
        rows = case.attachments[""] if case else []
        return tuple(self.attachment(row) for row in rows if row["mediaType"] not in _OWN_TYPES)

    def attachment(self, row: dict[str, Any]) -> Attachment:
        """Returns something that was attached."""
        path = self._file(row)
        return Attachment(
            media_type=row["mediaType"],
            name=row.get("fileName") or "",
            body=row.get("body") or "",
            is_binary=row.get("contentEncoding") == "BASE64",
            file=self._shown(path) if path else "",
        )

    def _hook(self, test_step: dict[str, Any]) -> str:
        hook = self._record.hooks.get(test_step.get("hookId", ""))
        if hook is None:
            return ""
        return str(hook.get("name") or hook.get("type") or "hook")

    def _step(
        self,
        row: dict[str, Any] | None,
        test_step: dict[str, Any],
        case: CaseRecord | None,
        hook: str,
    ) -> Step:
        nodes = row["astNodeIds"] if row else []
        keyword, line, is_background = self.keywords.get(nodes[0] if nodes else "", ("", 0, False))
        table, doc_string = (
            _argument(row["argument"]) if row and row.get("argument") else ((), None)
        )
        identity = test_step.get("id", "")
        result = case.step_results.get(identity) if case else None
        started = case.step_started.get(identity) if case else None
        kept = case.attachments.get(identity, ()) if case else ()
        outcome = Outcome.NOT_RUN
        if result:
            outcome = outcome_of(result)
        elif started:
            outcome = Outcome.ERROR  # the run was killed in the middle of it
        return Step(
            keyword=keyword,
            text=row["text"] if row else hook,
            line=line,
            table=table,
            doc_string=doc_string,
            values=_values(test_step),
            is_background=is_background,
            hook=hook,
            outcome=outcome,
            started=when(started),
            took_s=seconds(result["duration"]) if result else 0.0,
            problem=_problem(result, started),
            attachments=tuple(map(self.attachment, kept)),
        )

    def _evidence(self, row: dict[str, Any]) -> Evidence:
        text, file = row.get("body") or "", ""
        if path := self._file(row):
            text = path.read_text("utf-8")
            file = self._shown(path)
        if not text:
            return Evidence(file=file)
        content = json.loads(text)
        entries = (_entry(entry) for entry in content.get("entries", ()))
        return Evidence(tuple(entries), dict(content.get("sections") or {}), file)

    def _file(self, row: dict[str, Any]) -> Path | None:
        """The file of evidence. A directory may come from elsewhere: nothing outside of it."""
        place = (self._folder / EVIDENCE).resolve()
        path = (self._folder / (row.get("url") or "")).resolve()
        return path if path.is_relative_to(place) and path.is_file() else None

    def _shown(self, path: Path) -> str:
        below = path.relative_to((self._folder / EVIDENCE).resolve())
        return quote(f"{self._evidence_place}/{below.as_posix()}")


def _concluded(steps: Iterable[Step], *, is_finished: bool) -> Outcome:
    outcomes = [step.outcome for step in steps]
    bad = [one for one in outcomes if one.is_failure]
    if bad:
        return worst(bad)
    if not is_finished:
        return Outcome.ERROR  # the run was killed while this ran
    if Outcome.SKIPPED in outcomes:
        return Outcome.SKIPPED
    return worst(outcomes) if outcomes else Outcome.PASSED


def _stated(case: CaseRecord) -> tuple[Outcome | None, str]:
    """What the run itself says: it knew the classes of what was raised, not only their names."""
    for row in case.attachments[""]:
        if row["mediaType"] == OUTCOME_TYPE and row.get("body"):
            content = json.loads(row["body"])
            return Outcome(content["status"]), str(content.get("what") or "")
    return None, ""


def _is_quiet(case: CaseRecord, hook: str) -> bool:
    """Whether a hook, by the id of its step, has done nothing that anybody would look at."""
    if hook in case.attachments:
        return False
    result = case.step_results.get(hook)
    if result is None:
        return hook not in case.step_started
    return result["status"] in ("PASSED", "SKIPPED", "UNKNOWN")


def _as_stated(steps: tuple[Step, ...], stated: Outcome | None) -> tuple[Step, ...]:
    """Steps that failed by an exception of an unknown class end as their scenario does."""
    bad = [step.outcome for step in steps if step.outcome.is_failure]
    if stated in (Outcome.FAILED, Outcome.INFRASTRUCTURE) and stated not in bad:
        return tuple(
            step._replace(outcome=stated) if step.outcome.is_failure else step for step in steps
        )
    return steps


def _problem(result: dict[str, Any] | None, started: dict[str, int] | None) -> Problem | None:
    if result:
        return problem_of(result)
    if started:
        return Problem("", "The run was stopped while this ran, so nobody knows how it ends.")
    return None


def _values(test_step: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    lists = test_step.get("stepMatchArgumentsLists") or ()
    found = []
    for arguments in lists[:1]:
        for argument in arguments["stepMatchArguments"]:
            start, value = argument["group"].get("start"), argument["group"].get("value")
            if start is not None and value:
                found.append((start, start + len(value)))
    return tuple(sorted(found))


def _argument(argument: dict[str, Any]) -> tuple[Table, str | None]:
    rows = argument.get("dataTable", {}).get("rows", ())
    table = tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows)
    return table, argument.get("docString", {}).get("content")


def _entry(row: dict[str, Any]) -> Entry:
    at = row.get("at")
    return Entry(
        at=datetime.fromisoformat(at) if at else None,
        kind=str(row.get("kind", "")),
        title=str(row.get("title", "")),
        detail=str(row.get("detail") or ""),
        data=row.get("data"),
    )
