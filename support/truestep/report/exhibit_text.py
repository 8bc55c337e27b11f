"""A failure as plain text: for JUnit's output, and wherever there is no page."""

from __future__ import annotations

from truestep.report import wording
from truestep.report.attempt import Attempt, Step, Table
from truestep.report.outcome import Outcome
from truestep.report.run import Scenario
from truestep.report.timeline import exhibits, timeline

_MARKS = {Outcome.SKIPPED: "-", Outcome.NOT_RUN: "-", Outcome.PASSED: "✓"}


def steps_as_text(scenario: Scenario | Attempt) -> str:
    """Returns the steps, each with how it went and its data."""
    return "\n".join(line for step in scenario.steps for line in _step(step))


def evidence_as_text(scenario: Scenario | Attempt) -> str:
    """Returns the timeline and the sections of evidence; "" when nothing was kept."""
    if not scenario.evidence.entries and not scenario.evidence.sections:
        return ""
    moments = timeline(scenario)
    lines = ["Timeline:"] if moments else []
    for moment in moments:
        at = "" if moment.at_ms is None else f"{moment.at_ms:.1f} ms"
        late = moment.after_end_ms
        after = "" if late is None else f"  ({late:.1f} ms after the failure)"
        lines.append(f"{at:>12}  {moment.kind:<6} {moment.title}{after}")
        lines += [f"{'':>21}{line}" for line in moment.detail.splitlines()]
    for exhibit in exhibits(scenario):
        lines += ["", f"{exhibit.title}:"]
        lines += [f"  {line}" for line in _rows(exhibit.table) or exhibit.text.splitlines()]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _step(step: Step) -> list[str]:
    mark = _MARKS.get(step.outcome, "✗")
    ended = "" if step.outcome in _MARKS else f"  ... {wording.WORDS[step.outcome].label}"
    lines = [f"  {mark} {step.title}{ended}"]
    lines += [f"      {row}" for row in _rows(step.table)]
    if step.doc_string is not None:
        lines += [f"      {line}" for line in ('"""', *step.doc_string.splitlines(), '"""')]
    return lines


def _rows(table: Table) -> list[str]:
    rows = [row for row in table if any(row)]
    if not rows:
        return []
    if any("\n" in cell for row in rows for cell in row):
        return [line for row in rows[1:] for line in _long_row(table[0], row)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "| " + " | ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]


def _long_row(header: tuple[str, ...], row: tuple[str, ...]) -> list[str]:
    """A row that fits no table, because a cell has several lines."""
    lines = []
    for name, cell in zip(header, row, strict=True):
        first, *others = cell.splitlines() or [""]
        lines += [f"{name}: {first}", *(f"    {line}" for line in others)]
    return [*lines, ""]
