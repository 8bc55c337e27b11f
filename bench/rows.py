"""What a measurement ends as: a row of the report and a line of the table; nothing is timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

# Of what is measured, which is seconds or bytes.
_UNITS = {"s": 1.0, "ms": 1000.0, "MiB": 2.0**-20}
_HEADINGS = ("id", "ours", "peer", "faster", "limit", "of it", "goal", "met")
_DIGITS = 4


class Goal(Protocol):
    """What is to be reached; as text it is the report's `goal`."""

    def met(self, ours: float, other: float) -> bool:
        """Tells whether `ours` reaches it, compared with `other`."""


@dataclass(frozen=True)
class Faster:
    """Ours takes at most one `times`-th of the time that the peer takes."""

    times: float

    def __str__(self) -> str:
        return f">= {self.times:g}x faster"

    def met(self, ours: float, other: float) -> bool:
        """Tells whether `other` takes that many times as long as `ours`."""
        return other >= self.times * ours


@dataclass(frozen=True)
class AtMost:
    """Ours takes at most `ratio` times as long as the peer, or as the limit."""

    ratio: float

    def __str__(self) -> str:
        return f"<= {self.ratio:g}"

    def met(self, ours: float, other: float) -> bool:
        """Tells whether `ours` is within that ratio of `other`."""
        return ours <= self.ratio * other


@dataclass(frozen=True)
class Question:
    """What a row is to tell, before anything is measured.

    `unit` is `s`, `ms` or `MiB`. `goal` is to be reached against the peer, or against the limit
    where there is no peer; `limit_goal` against the limit where there are both. Without either the
    row only reports.
    """

    id: str
    what: str
    unit: str
    peer_name: str | None = None
    goal: Goal | None = None
    limit_goal: Goal | None = None


@dataclass(frozen=True)
class Row:
    """One row of `reports/bench.json`, field by field; None is `null`: not measured, or no goal."""

    id: str
    what: str
    unit: str
    ours: float
    peer: float | None
    peer_name: str | None
    limit: float | None
    limit_name: str | None
    goal: str | None
    met: bool | None

    @property
    def faster(self) -> float | None:
        """How many times as long the peer takes."""
        return self.peer / self.ours if self.peer and self.ours else None

    @property
    def of_limit(self) -> float | None:
        """Ours divided by the limit."""
        return self.ours / self.limit if self.limit else None


def answer(
    question: Question,
    *,
    ours: float,
    peer: float | None = None,
    limits: Mapping[str, float] | None = None,
) -> Row:
    """Returns the row for these medians, all in seconds or all in bytes.

    Args:
        question: what was measured.
        ours: the median of our side.
        peer: the median of the other side, or None when it could not be measured.
        limits: name -> median of what ours cannot be faster than; the slowest counts.
    """
    limit_name = max(limits, key=limits.__getitem__) if limits else None
    limit = limits[limit_name] if limits and limit_name else None
    return Row(
        id=question.id,
        what=question.what,
        unit=question.unit,
        ours=_in_unit(ours, question.unit),
        peer=None if peer is None else _in_unit(peer, question.unit),
        peer_name=question.peer_name,
        limit=None if limit is None else _in_unit(limit, question.unit),
        limit_name=limit_name,
        goal=_goal(question),
        met=_met(question, ours, peer, limit),
    )


def _goal(question: Question) -> str | None:
    of_limit = question.limit_goal and f"{question.limit_goal} of the limit"
    goals = [of_limit, question.goal and str(question.goal)]
    return ", ".join(filter(None, goals)) or None


def _met(question: Question, ours: float, peer: float | None, limit: float | None) -> bool | None:
    """Tells whether all goals are reached; None when that is not known."""
    by_peer = peer if question.peer_name else limit
    judged = [
        goal.met(ours, other) if other is not None else None
        for goal, other in ((question.limit_goal, limit), (question.goal, by_peer))
        if goal is not None
    ]
    if False in judged:
        return False
    return True if judged and None not in judged else None


def report(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Returns the rows as they are written to `reports/bench.json`."""
    return [asdict(row) for row in rows]


def table(rows: Sequence[Row]) -> str:
    """Returns the rows as an aligned table for a terminal."""
    lines = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    peer = _number(row.peer, row.unit) or ("not measured" if row.peer_name else "")
    faster = "" if row.faster is None else f"{row.faster:.1f}x"
    of_limit = "" if row.of_limit is None else f"{row.of_limit:.2f}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return (
        *(row.id, _number(row.ours, row.unit), peer, faster),
        *(_number(row.limit, row.unit), of_limit, row.goal or "", met),
    )


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"


def _in_unit(seconds: float, unit: str) -> float:
    return float(f"{seconds * _UNITS[unit]:.{_DIGITS}g}")


def _in_unit(value: float, unit: str) -> float:
    return float(f"{value * _UNITS[unit]:.{_DIGITS}g}")
