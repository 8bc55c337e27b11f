"""JUnit results as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree as ET

from truestep.errors import TruestepError

_SHOWN_FAILURES = 30
_SHOWN_LINES = 25
_STEP = re.compile(r"Failing step: .*?\nLocation: [^\n]*", re.DOTALL)


class _Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    # Selected, but the run ended before it: a hook failed, or somebody stopped the run.
    NOT_RUN = "not run"
    # Not selected by tag, name or line.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class _Case:
    feature: str
    name: str
    outcome: _Outcome
    text: str


def markdown(folder: Path) -> str:
    """Returns the results in `folder` as Markdown: the counts, then what failed and why.

    Raises:
        TruestepError: no JUnit file is there, so nothing ran, or one cannot be read.
    """
    cases = [case for path in sorted(folder.glob("*.xml")) for case in _read(path)]
    if not cases:
        raise TruestepError(
            "there is nothing to summarize",
            seen="no test case in any *.xml file",
            looked=str(folder),
            remedy="run behave first, with junit = true in behave.ini",
        )
    failed = [case for case in cases if case.outcome is _Outcome.FAILED]
    lines = [_headline(cases), "", *_table(cases)]
    for case in failed[:_SHOWN_FAILURES]:
        lines += ["", f"### {_plain(case.feature)}: {_plain(case.name)}", "", *_fenced(case.text)]
    if len(failed) > _SHOWN_FAILURES:
        lines += ["", f"… and {len(failed) - _SHOWN_FAILURES} more failed."]
    return "\n".join(lines) + "\n"


def _headline(cases: Iterable[_Case]) -> str:
    outcomes = [case.outcome for case in cases]
    passed = outcomes.count(_Outcome.PASSED)
    selected = len(outcomes) - outcomes.count(_Outcome.SKIPPED)
    mark = "✅" if passed == selected else "❌"
    lost = outcomes.count(_Outcome.NOT_RUN)
    why = f"; {lost} did not run, and the job's log says why" if lost else ""
    return f"## {mark} {passed} of {selected} scenarios passed{why}"


def _table(cases: list[_Case]) -> list[str]:
    lines = [f"| feature | {' | '.join(_Outcome)} |", f"| --- |{' ---: |' * len(_Outcome)}"]
    for feature in dict.fromkeys(case.feature for case in cases):
        own = [case.outcome for case in cases if case.feature == feature]
        counts = " | ".join(str(own.count(outcome)) for outcome in _Outcome)
        lines.append(f"| {_plain(feature)} | {counts} |")
    return lines


def _read(path: Path) -> list[_Case]:
    try:
        root = ET.parse(path).getroot()  # noqa: S314  # written by our own run, not a stranger
    except ET.ParseError as error:
        raise TruestepError(
            "a JUnit file cannot be read",
            seen=str(error),
            looked=str(path),
            remedy="run behave again: a run that is killed can leave half a file",
        ) from None
    # behave calls the file TESTS-features.users.xml, and the class features.users.NAME.
    place = path.stem.removeprefix("TESTS-") + "."
    return [_case(node, place) for node in root.iter("testcase")]


def _case(node: ET.Element, place: str) -> _Case:
    feature = (node.get("classname") or "").removeprefix(place)
    failure = next((child for child in node if child.tag in ("failure", "error")), None)
    text = ""
    if failure is not None:
        outcome, text = _Outcome.FAILED, _why(failure)
    elif node.find("skipped") is None:
        outcome = _Outcome.PASSED
    else:
        outcome = _Outcome.NOT_RUN if node.get("status") == "untested" else _Outcome.SKIPPED
    return _Case(feature, node.get("name") or "", outcome, text)


def _why(failure: ET.Element) -> str:
    """The failing step and the message; what behave adds below, a traceback, is in the report."""
    step = _STEP.match((failure.text or "").strip())
    message = failure.get("message") or ""
    # behave writes None where there is no exception: for an undefined step.
    parts = [step[0] if step else "", "" if message == "None" else message]
    return "\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", text.replace("\n", " "))


def _fenced(text: str) -> list[str]:
    lines = text.splitlines()
    if len(lines) > _SHOWN_LINES:
        left = len(lines) - _SHOWN_LINES
        lines = [*lines[:_SHOWN_LINES], f"… {left} more lines are in the reports"]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]
