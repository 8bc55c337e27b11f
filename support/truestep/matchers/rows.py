"""Rows of a table against the rows of a data table, in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.cell import show

Row = Mapping[str, Any]
ExpectedRow = Mapping[str, Matcher[Any]]

_SHOWN = 10
_INDENT = "\n          "


class Rows(list[Row]):
    """Rows as they were read; in a failure text only the first ones are shown."""

    def __repr__(self) -> str:
        if not self:
            return "no rows"
        count = "1 row" if len(self) == 1 else f"{len(self)} rows"
        return f"{count}: " + " | ".join(_some([show_row(row) for row in self]))


def contains_exactly_rows(expected: Sequence[ExpectedRow]) -> Matcher[Sequence[Row]]:
    """Matches rows that are the expected ones and no others, in any order."""
    return _ContainsRows(expected, exactly=True)


def contains_at_least_rows(expected: Sequence[ExpectedRow]) -> Matcher[Sequence[Row]]:
    """Matches rows among which the expected ones are, each by a row of its own."""
    return _ContainsRows(expected, exactly=False)


class _ContainsRows(BaseMatcher[Sequence[Row]]):
    def __init__(self, expected: Sequence[ExpectedRow], *, exactly: bool) -> None:
        self._expected = expected
        self._exactly = exactly

    def _matches(self, item: Sequence[Row]) -> bool:
        paired = pair(self._expected, item)
        counts = len(item) if self._exactly else len(self._expected)
        return len(paired) == len(self._expected) == counts

    def describe_to(self, description: Description) -> None:
        kind = "exactly" if self._exactly else "at least"
        if not self._expected:
            description.append_text(f"{kind} no rows")
            return
        rows = [show_expected(row) for row in self._expected]
        noun = "this row" if len(rows) == 1 else f"these {len(rows)} rows"
        description.append_text(_INDENT.join([f"{kind} {noun}:", *_some(rows)]))

    def describe_mismatch(self, item: Sequence[Row], mismatch_description: Description) -> None:
        paired = pair(self._expected, item)
        left = [row for index, row in enumerate(item) if index not in paired]
        met = set(paired.values())
        missing = [
            _miss(row, left, len(item))
            for index, row in enumerate(self._expected)
            if index not in met
        ]
        unexpected = [f"unexpected row: {show_row(row)}" for row in left] if self._exactly else []
        mismatch_description.append_text(_INDENT.join([*_some(missing), *_some(unexpected)]))


def pair(expected: Sequence[ExpectedRow], rows: Sequence[Row]) -> dict[int, int]:
    """Pairs as many expected rows as possible with rows that fit: index of row -> of expected.

    With cells such as `<any>` a row may fit several: the first choice is given up for another one
    when that lets more rows be paired.
    """
    fitting = [
        [index for index, row in enumerate(rows) if not _differing(wanted, row)]
        for wanted in expected
    ]
    paired: dict[int, int] = {}

    def place(wanted: int, tried: set[int]) -> bool:
        open_rows = [index for index in fitting[wanted] if index not in tried]
        for index in open_rows:
            if index not in paired:
                paired[index] = wanted
                return True
        for index in open_rows:
            if index not in tried:
                tried.add(index)
                if place(paired[index], tried):
                    paired[index] = wanted
                    return True
        return False

    for wanted in range(len(expected)):
        place(wanted, set())
    return paired


def show_row(row: Row) -> str:
    """Returns `customer=Ada, total=12.50`."""
    return ", ".join(f"{name}={show(value)}" for name, value in row.items())


def show_expected(row: ExpectedRow) -> str:
    """Returns `customer=Ada, total=<any>`."""
    return ", ".join(f"{name}={matcher}" for name, matcher in row.items())


def _miss(wanted: ExpectedRow, left: Sequence[Row], count: int) -> str:
    head = f"no row with {show_expected(wanted)}"
    if not count:
        return f"{head}; there are no rows"
    if not left:
        return f"{head}; every row is one of the others already"
    text = show_expected(wanted)

    def likeness(row: Row) -> tuple[int, float]:
        alike = SequenceMatcher(None, text, show_row(row)).ratio()
        return -len(_differing(wanted, row)), alike

    nearest = max(left, key=likeness)
    names = _differing(wanted, nearest)
    differ = "differs" if len(names) == 1 else "differ"
    return f"{head}; nearest: {show_row(nearest)} ({', '.join(names)} {differ})"


def _differing(wanted: ExpectedRow, row: Row) -> list[str]:
    return [name for name, matcher in wanted.items() if not matcher.matches(row[name])]


def _some(texts: Sequence[str]) -> Iterator[str]:
    yield from texts[:_SHOWN]
    if len(texts) > _SHOWN:
        yield f"and {len(texts) - _SHOWN} more"
