"""JUnit results as Markdown, for the summary page of a CI job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# The files are those that this project's own run has just written.
from xml.etree import ElementTree as ET

from truestep.errors import TruestepError

_SHOWN_LINES = 15


@dataclass(frozen=True)
class _Case:
    feature: str
    name: str
    outcome: str
    text: str


def markdown(folder: Path) -> str:
    """Returns the results in `folder` as Markdown: the counts, then what failed and why.

    Raises:
        TruestepError: the folder has no JUnit file, so nothing ran.
    """
    cases = [case for path in sorted(folder.glob("*.xml")) for case in _read(path)]
    if not cases:
        raise TruestepError(
            "there is nothing to summarize",
            seen="no test case in any *.xml file",
            looked=str(folder),
            remedy="run behave first, with junit = true in behave.ini",
        )
    failed = [case for case in cases if case.outcome == "failed"]
    skipped = sum(case.outcome == "skipped" for case in cases)
    mark = "❌" if failed else "✅"
    passed = len(cases) - len(failed) - skipped
    lines = [
        f"## {mark} {passed} of {len(cases)} scenarios passed",
        "",
        "| feature | passed | failed | skipped |",
        "| --- | ---: | ---: | ---: |",
    ]
    for feature in dict.fromkeys(case.feature for case in cases):
        own = [case.outcome for case in cases if case.feature == feature]
        counts = " | ".join(str(own.count(outcome)) for outcome in ("passed", "failed", "skipped"))
        lines.append(f"| {_cell(feature)} | {counts} |")
    for case in failed:
        lines += ["", f"### {_cell(case.feature)}: {_cell(case.name)}", "", *_fenced(case.text)]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> list[_Case]:
    cases = []
    for node in ET.parse(path).getroot().iter("testcase"):
        outcome, text = "passed", ""
        for kind in ("failure", "error", "skipped"):
            found = node.find(kind)
            if found is not None:
                outcome = "skipped" if kind == "skipped" else "failed"
                text = f"{found.get('message') or ''}\n{found.text or ''}".strip()
                break
        feature = (node.get("classname") or "").partition(".")[2] or node.get("classname") or ""
        cases.append(_Case(feature, node.get("name") or "", outcome, text))
    return cases


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _fenced(text: str) -> list[str]:
    lines = text.splitlines()[:_SHOWN_LINES]
    fence = "`" * max(3, 1 + max((len(line) - len(line.lstrip("`")) for line in lines), default=0))
    return [f"{fence}text", *lines, fence]
