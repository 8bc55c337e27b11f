"""What a measurement ends as: a row of the report and a line of the table; nothing is timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

_UNITS = {"s": 1.0, "ms": 1000.0}
_HEADINGS = ("id", "ours", "compared with", "ratio", "goal", "met")
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

    `unit` is `s` or `ms`; without a `goal` the row only reports.
    """

    id: str
    what: str
    unit: str
    peer_name: str | None = None
    goal: Goal | None = None


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
    def ratio(self) -> float | None:
        """Ours divided by what it is compared with: the peer, else the limit."""
        other = self.limit if self.peer is None else self.peer
        return self.ours / other if other else None


def answer(
    question: Question,
    *,
    ours: float,
    peer: float | None = None,
    limits: Mapping[str, float] | None = None,
) -> Row:
    """Returns the row for these medians, all in seconds.

    Args:
        question: what was measured.
        ours: the median of our side.
        peer: the median of the other side, or None when it could not be measured.
        limits: name -> median of what ours cannot be faster than; the slowest counts.
    """
    limit_name = max(limits, key=limits.__getitem__) if limits else None
    limit = limits[limit_name] if limits and limit_name else None
    other = limit if peer is None else peer
    goal = question.goal
    return Row(
        id=question.id,
        what=question.what,
        unit=question.unit,
        ours=_in_unit(ours, question.unit),
        peer=None if peer is None else _in_unit(peer, question.unit),
        peer_name=question.peer_name,
        limit=None if limit is None else _in_unit(limit, question.unit),
        limit_name=limit_name,
        goal=None if goal is None else str(goal),
        met=None if goal is None or other is None else goal.met(ours, other),
    )


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
    other, name = (row.limit, row.limit_name) if row.peer is None else (row.peer, row.peer_name)
    compared = f"{other:g} {row.unit}  {name}" if other is not None else "not measured"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    if row.ratio and row.ratio < 1:
        ratio += f" ({1 / row.ratio:.1f}x faster)"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return (row.id, f"{row.ours:g} {row.unit}", compared, ratio, row.goal or "", met)


def _in_unit(seconds: float, unit: str) -> float:
    return float(f"{seconds * _UNITS[unit]:.{_DIGITS}g}")
