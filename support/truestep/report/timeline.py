"""The evidence of a scenario, put in order for eyes: a timeline, and sections as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from truestep.report.attempt import Attempt, Entry, Step, Table
from truestep.report.run import Scenario

# In the order in which they are shown.
_TITLES = {
    "rows": "Rows that changed",
    "keys": "Keys",
    "events": "Events",
    "http": "Requests and answers",
    "output": "What was printed",
    "logs": "What the servers logged",
}


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline, in milliseconds since the scenario began.

    `after_end_ms` is how long after the failure it was, for what came too late; else None.
    """

    at_ms: float | None
    after_end_ms: float | None
    kind: str
    title: str
    detail: str


@dataclass(frozen=True)
class Exhibit:
    """One section of evidence: a table (the first row its heading), or text."""

    title: str
    table: Table = ()
    text: str = ""


def timeline(scenario: Scenario | Attempt) -> list[Moment]:
    """Returns what happened in the scenario, in order of time; what has no time is last."""
    entries = list(scenario.evidence.entries)
    if not any(entry.kind == "step" for entry in entries):
        entries += [_as_entry(step) for step in scenario.steps if step.started]
    if not entries:
        return []
    start, end = scenario.started, _moment_of_failure(scenario, entries)
    entries.sort(key=lambda entry: (entry.at is None, entry.at.timestamp() if entry.at else 0.0))
    return [
        Moment(
            at_ms=_between(start, entry.at),
            after_end_ms=_after(end, entry.at),
            kind=entry.kind,
            title=entry.title,
            detail="\n".join(part for part in (entry.detail, _lines(entry.data)) if part),
        )
        for entry in entries
    ]


def exhibits(scenario: Scenario | Attempt) -> list[Exhibit]:
    """Returns the sections of the evidence that have something in them."""
    found = []
    order = list(_TITLES)
    sections = scenario.evidence.sections
    known = sorted(filter(order.count, sections), key=order.index)
    for name in (*known, *(name for name in sections if name not in order)):
        content = sections[name]
        title = _TITLES.get(name, name.replace("_", " ").capitalize())
        found += list(_exhibits(title, content))
    return found


def _exhibits(title: str, content: object) -> Iterator[Exhibit]:
    if isinstance(content, dict) and any(map(_is_long, content.values())):
        for name, part in content.items():
            yield from _exhibits(f"{title}: {name}", part)
    elif isinstance(content, dict) and content:
        pairs = [(str(name), _shown(value)) for name, value in content.items()]
        yield Exhibit(title, table=(("", ""), *pairs))
    elif isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        columns = list(dict.fromkeys(str(name) for row in content for name in row))
        rows = tuple(tuple(_lines(row.get(name)) for name in columns) for row in content)
        yield Exhibit(title, table=(tuple(columns), *rows))
    elif isinstance(content, list) and content:
        yield Exhibit(title, text="\n".join(map(_shown, content)))
    elif content and not isinstance(content, (dict, list)):
        yield Exhibit(title, text=str(content))


def _is_long(value: object) -> bool:
    return isinstance(value, (dict, list)) or (isinstance(value, str) and "\n" in value)


def _moment_of_failure(scenario: Scenario | Attempt, entries: list[Entry]) -> datetime | None:
    errors = [entry.at for entry in entries if entry.kind == "error" and entry.at]
    if errors:
        return errors[0]
    step = scenario.failing
    if step is None or step.started is None:
        return None
    return datetime.fromtimestamp(step.started.timestamp() + step.took_s, step.started.tzinfo)


def _as_entry(step: Step) -> Entry:
    return Entry(step.started, "step", step.title)


def _between(start: datetime | None, at: datetime | None) -> float | None:
    if start is None or at is None:
        return None
    return (at - start).total_seconds() * 1000


def _after(end: datetime | None, at: datetime | None) -> float | None:
    late = _between(end, at)
    return late if late is not None and late > 0 else None


def _lines(data: object) -> str:
    if not isinstance(data, dict):
        return _shown(data)
    shown = ((name, _shown(value)) for name, value in data.items())
    return "\n".join(f"{name}: {value}" for name, value in shown if value)


def _shown(value: object) -> str:
    if value is None or value in ({}, []):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
