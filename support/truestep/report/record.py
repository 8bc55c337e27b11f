"""The messages of one run, by what they are about. Knows the format, nothing of reports."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from truestep.errors import TruestepError
from truestep.report.layout import MESSAGES

_AT_ONCE = 500


@dataclass
class CaseRecord:
    """What the record says of one attempt at a test case; one that never started has no start."""

    test_case: dict[str, Any]
    started: dict[str, Any] | None = None
    finished: dict[str, Any] | None = None
    # By the id of the test step: when it began, and what came of it.
    step_started: dict[str, dict[str, int]] = field(default_factory=dict)
    step_results: dict[str, dict[str, Any]] = field(default_factory=dict)
    # By the id of the test step; "" for those of the whole case.
    attachments: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Record:
    """All messages of a run."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    pickles: dict[str, dict[str, Any]] = field(default_factory=dict)
    # By the id of the pickle: the attempts, in order.
    cases: dict[str, list[CaseRecord]] = field(default_factory=dict)
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    run_hooks: list[tuple[dict[str, Any], dict[str, Any] | None]] = field(default_factory=list)
    # By the id of the beginning of a run hook.
    attached: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    parse_errors: list[dict[str, Any]] = field(default_factory=list)
    run_started: dict[str, Any] | None = None
    run_finished: dict[str, Any] | None = None


def read_record(folder: Path) -> Record:
    """Reads the messages in `folder`. A last line that was cut short is left out.

    Raises:
        TruestepError: there is no record, or it is not one.
    """
    reader = _Reader(Record())
    takers = reader.takers
    for message in _lines(folder / MESSAGES):
        for kind, content in message.items():
            # Kinds that no report shows are passed over.
            if kind in takers:
                takers[kind](content)
    return reader.record


def when(timestamp: dict[str, int] | None) -> datetime | None:
    """Returns the moment that a timestamp names, to the microsecond."""
    if timestamp is None:
        return None
    microseconds = timestamp["nanos"] // 1000
    return datetime.fromtimestamp(timestamp["seconds"], UTC).replace(microsecond=microseconds)


def seconds(duration: dict[str, int] | None) -> float:
    """Returns how long a duration is, in seconds."""
    if duration is None:
        return 0.0
    return duration["seconds"] + duration["nanos"] / 1_000_000_000


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            number = 0
            # Many at once take half of the time; all of them would take memory for nothing.
            while lines := list(islice(file, _AT_ONCE)):
                yield from _parsed(path, lines, number)
                number += len(lines)
    except OSError as error:
        raise TruestepError(
            "a run cannot be read",
            seen=error.strerror or str(error),
            looked=str(path),
            remedy=f"name a folder that behave has made, such as reports/latest: it has {MESSAGES}",
        ) from None


def _parsed(path: Path, lines: list[bytes], before: int) -> Iterable[dict[str, Any]]:
    try:
        messages = json.loads(b"[" + b",".join(lines) + b"]")
    except ValueError:
        messages = [None]
    if all(message.__class__ is dict for message in messages):
        return messages  # type: ignore[no-any-return]  # as was just looked at
    return _one_by_one(path, lines, before)


def _one_by_one(path: Path, lines: list[bytes], before: int) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=before + 1):
        try:
            message = json.loads(line)
        except ValueError as error:
            if not line.endswith(b"\n"):
                return  # the run was killed while it wrote this line
            raise _unreadable(path, number, str(error)) from None
        if not isinstance(message, dict):
            raise _unreadable(path, number, "not an object")
        yield message


def _unreadable(path: Path, number: int, seen: str) -> TruestepError:
    return TruestepError(
        "the record of a run cannot be read",
        seen=seen,
        looked=f"{path}, line {number}",
        remedy="run behave again; a record is written by the run alone and not edited",
    )


class _Reader:
    """Sorts messages as they come; each refers only to ones before it.

    Those of test cases that run side by side come mixed, and say themselves which they are of.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._attempts_by_id: dict[str, list[CaseRecord]] = {}
        self._case_by_start: dict[str, CaseRecord] = {}
        self._run_hook_by_start: dict[str, int] = {}
        self.takers: dict[str, Callable[[dict[str, Any]], None]] = {
            "gherkinDocument": record.documents.append,
            "pickle": self._pickle,
            "parseError": record.parse_errors.append,
            "hook": self._hook,
            "testRunStarted": self._run_started,
            "testRunHookStarted": self._run_hook_started,
            "testRunHookFinished": self._run_hook_finished,
            "testRunFinished": self._run_finished,
            "testCase": self._case,
            "testCaseStarted": self._case_started,
            "testCaseFinished": self._case_finished,
            "testStepStarted": self._step_started,
            "testStepFinished": self._step_finished,
            "attachment": self._attachment,
            "externalAttachment": self._attachment,
        }

    def _pickle(self, content: dict[str, Any]) -> None:
        self.record.pickles[content["id"]] = content

    def _hook(self, content: dict[str, Any]) -> None:
        self.record.hooks[content["id"]] = content

    def _run_started(self, content: dict[str, Any]) -> None:
        self.record.run_started = content

    def _run_finished(self, content: dict[str, Any]) -> None:
        self.record.run_finished = content

    def _run_hook_started(self, content: dict[str, Any]) -> None:
        self._run_hook_by_start[content["id"]] = len(self.record.run_hooks)
        self.record.run_hooks.append((content, None))

    def _run_hook_finished(self, content: dict[str, Any]) -> None:
        index = self._run_hook_by_start[content["testRunHookStartedId"]]
        self.record.run_hooks[index] = (self.record.run_hooks[index][0], content)

    def _case(self, content: dict[str, Any]) -> None:
        attempts = [CaseRecord(content)]
        self._attempts_by_id[content["id"]] = self.record.cases[content["pickleId"]] = attempts

    def _case_started(self, content: dict[str, Any]) -> None:
        attempts = self._attempts_by_id[content["testCaseId"]]
        if attempts[0].started is None:
            attempts[0].started = content
        else:
            attempts.append(CaseRecord(attempts[0].test_case, started=content))
        self._case_by_start[content["id"]] = attempts[-1]

    def _case_finished(self, content: dict[str, Any]) -> None:
        self._case_of(content).finished = content

    def _step_started(self, content: dict[str, Any]) -> None:
        self._case_of(content).step_started[content["testStepId"]] = content["timestamp"]

    def _step_finished(self, content: dict[str, Any]) -> None:
        self._case_of(content).step_results[content["testStepId"]] = content["testStepResult"]

    def _attachment(self, content: dict[str, Any]) -> None:
        if content.get("testCaseStartedId"):
            self._case_of(content).attachments[content.get("testStepId", "")].append(content)
        elif content.get("testRunHookStartedId"):
            self.record.attached[content["testRunHookStartedId"]].append(content)

    def _case_of(self, content: dict[str, Any]) -> CaseRecord:
        return self._case_by_start[content["testCaseStartedId"]]
