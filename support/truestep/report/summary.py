"""A run as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
import shlex

from truestep.redaction import redact
from truestep.report import wording
from truestep.report.outcome import Outcome
from truestep.report.run import Feature, Run, Scenario

_SHOWN_FAILURES = 30
_SHOWN_LINES = 25
_COLUMNS = {
    "works": (Outcome.PASSED,),
    "fails": (Outcome.FAILED,),
    "broke": (Outcome.ERROR,),
    "server trouble": (Outcome.INFRASTRUCTURE,),
    "not automated": (Outcome.UNDEFINED, Outcome.PENDING),
    "flaky": (Outcome.FLAKY,),
    "not reached": (Outcome.NOT_RUN,),
    "left out": (Outcome.SKIPPED,),
}


def markdown(run: Run) -> str:
    """Returns the counts, then what failed and why; secrets hidden."""
    lines = [f"## {_mark(run)} {wording.headline(run)}", "", *_table(run)]
    for about in run.about:
        if not about.is_complete:
            lines += ["", "The run was stopped before its end."]
    for problem in run.problems:
        why = problem.problem.message or problem.problem.type
        lines += ["", f"### {plain(problem.where)}", "", *_fenced(why)]
    failures = [*run.failures, *run.flaky]
    for scenario in failures[:_SHOWN_FAILURES]:
        lines += ["", *_failure(scenario)]
    if len(failures) > _SHOWN_FAILURES:
        lines += ["", f"… and {len(failures) - _SHOWN_FAILURES} more; they are in the report."]
    return redact("\n".join(lines) + "\n")


def plain(text: str) -> str:
    """Returns text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*_\[\]<>|#&~@])", r"\\\1", " ".join(text.split()))


def _mark(run: Run) -> str:
    if run.is_red:
        return "❌"
    return "⚠️" if run.flaky else "✅"


def _table(run: Run) -> list[str]:
    counts = run.count()
    shown = {
        name: kinds
        for name, kinds in _COLUMNS.items()
        if name == "works" or any(counts[kind] for kind in kinds)
    }
    head = f"| feature | {' | '.join(shown)} |"
    return [head, f"| --- |{' ---: |' * len(shown)}", *(_row(one, shown) for one in run.features)]


def _row(feature: Feature, shown: dict[str, tuple[Outcome, ...]]) -> str:
    outcomes = [scenario.outcome for scenario in feature.scenarios]
    cells = (str(sum(one in kinds for one in outcomes)) for kinds in shown.values())
    return f"| {plain(feature.name)} | {' | '.join(cells)} |"


def _failure(scenario: Scenario) -> list[str]:
    words = wording.WORDS[scenario.outcome]
    times = f" ({wording.attempts(scenario)})" if scenario.attempts else ""
    lines = [f"### {plain(scenario.feature)}: {plain(scenario.name)}", ""]
    lines += [f"It {words.says}{times}."]
    step = scenario.failing or next((one.failing for one in scenario.failed_attempts), None)
    why = wording.reason(scenario)
    if step is not None:
        why = f"{step.title}\n\n{why}".rstrip()
    if why:
        lines += ["", *_fenced(why)]
    return [*lines, "", *_fenced(f"behave {shlex.quote(scenario.place)}", "sh")]


def _fenced(text: str, language: str = "text") -> list[str]:
    lines = text.splitlines()
    if len(lines) > _SHOWN_LINES:
        left = len(lines) - _SHOWN_LINES
        lines = [*lines[:_SHOWN_LINES], f"… {left} more lines are in the report"]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]
