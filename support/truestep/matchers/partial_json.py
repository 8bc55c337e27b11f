"""That a JSON value has at least what is expected of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from truestep.matchers.placeholders import placeholder

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Difference:
    """One place where a value is not as expected: `address.city`, and `differs: "London"`."""

    place: str
    how: str

    def __str__(self) -> str:
        return f"{self.place or 'the value'} {self.how}"


def partial_json(expected: Any) -> PartialJson:
    """Matches a JSON value that has all of `expected`; its objects may have more names.

    A text in `expected` may be a placeholder, see `truestep.matchers.placeholders`. Lists have to
    be as long as expected, and in the same order.
    """
    return PartialJson(expected)


class PartialJson(BaseMatcher[Any]):
    """See `partial_json`; `expected` is what is looked for."""

    def __init__(self, expected: Any) -> None:
        self.expected = expected

    def differences(self, value: Any) -> list[Difference]:
        """Returns all places where `value` is not as expected."""
        return list(_differences("", value, self.expected))

    def _matches(self, item: Any) -> bool:
        return not self.differences(item)

    def describe_to(self, description: Description) -> None:
        """Says what is expected."""
        description.append_text(f"JSON with {shown_json(self.expected)}")

    def describe_mismatch(self, item: Any, mismatch_description: Description) -> None:
        """Names each place that differs, with the value there."""
        mismatch_description.append_text("; ".join(map(str, self.differences(item))))


def shown_json(value: Any) -> str:
    """Returns a value as JSON for people, cut to 80 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _differences(place: str, value: Any, expected: Any) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(value, dict):
        for name, wanted in expected.items():
            inner = f"{place}.{name}" if place else name
            if name in value:
                yield from _differences(inner, value[name], wanted)
            else:
                yield Difference(inner, "is missing")
    elif isinstance(expected, list) and isinstance(value, list):
        if len(expected) != len(value):
            yield Difference(place, f"has {len(value)} instead of {len(expected)} entries")
            return
        for number, (one, wanted) in enumerate(zip(value, expected, strict=True)):
            yield from _differences(f"{place}[{number}]", one, wanted)
    elif not _same(value, expected):
        yield Difference(place, f"differs: {shown_json(value)}")


def _same(value: Any, expected: Any) -> bool:
    stands_for = placeholder(expected) if isinstance(expected, str) else None
    if stands_for:
        return stands_for.matches(value)
    # Python takes true for 1, JSON does not.
    return bool(value == expected) and isinstance(value, bool) is isinstance(expected, bool)
