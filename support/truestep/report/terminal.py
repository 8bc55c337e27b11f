"""The last lines of a run, on the terminal: what failed, where to look, how to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from truestep.redaction import redact
from truestep.report import wording
from truestep.report.outcome import Outcome
from truestep.report.run import Run, Scenario

_SHOWN_FAILURES = 20
_SHOWN_LINES = 6
_SHOWN_PLACES = 8
_RED, _YELLOW, _DIM, _END = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Returns whether text for `stream` may be coloured: on a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def closing(run: Run, *, page: Path | None, colour: bool = False) -> str:
    """Returns what is said when a run has ended.

    Args:
        run: the run.
        page: where its report is; None when it could not be written.
        colour: whether to colour it, by the codes of ANSI terminals.
    """
    lines = list(_lines(run, page))
    text = "\n".join(lines) + "\n"
    if not colour:
        for code in (_RED, _YELLOW, _DIM, _END):
            text = text.replace(code, "")
    return redact(text)


def _lines(run: Run, page: Path | None) -> Iterator[str]:
    failures = run.failures
    for problem in run.problems:
        yield f"{_tone(problem.outcome)}{problem.where}: outside of the scenarios{_END}"
        yield from _reason(problem.problem.message or problem.problem.type)
    for scenario in failures[:_SHOWN_FAILURES]:
        yield from _failure(scenario, run)
    if len(failures) > _SHOWN_FAILURES:
        yield f"… and {len(failures) - _SHOWN_FAILURES} more."
    yield f"truestep: {wording.headline(run)}"
    if page is not None:
        yield f"  report     {page}"
    if failures:
        yield f"  run again  {_rerun(failures)}"


def _failure(scenario: Scenario, run: Run) -> Iterator[str]:
    label = wording.WORDS[scenario.outcome].label
    tone = _tone(scenario.outcome)
    yield f"{tone}{label}{_END}  {scenario.name}  {_DIM}{scenario.place}{_END}"
    services = {f"@{use.name}": use.title for use in run.services}
    used = [services[tag] for tag in scenario.tags if tag in services]
    step = scenario.failing
    if step is not None:
        text = f"hook {step.hook}" if step.hook else f"{step.keyword} {step.text}"
        yield f"  {text.strip()}"
    yield from _reason(wording.reason(scenario))
    if used:
        yield f"    {_DIM}with {', '.join(used)}{_END}"


def _reason(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for line in lines[:_SHOWN_LINES]:
        yield f"    {line}"
    if len(lines) > _SHOWN_LINES:
        yield f"    … {len(lines) - _SHOWN_LINES} more lines are in the report"


def _rerun(failures: list[Scenario]) -> str:
    places = [scenario.place for scenario in failures]
    if len(places) > _SHOWN_PLACES:
        places = list(dict.fromkeys(scenario.uri for scenario in failures))
    return shlex.join(["behave", *places])


def _tone(outcome: Outcome) -> str:
    return (
        _YELLOW if outcome in (Outcome.INFRASTRUCTURE, Outcome.UNDEFINED, Outcome.PENDING) else _RED
    )
