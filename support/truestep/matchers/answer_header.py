"""What a header of an answer is."""

from __future__ import annotations

from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer


def has_header(name: str, value: Matcher[Any]) -> Matcher[Answer]:
    """Matches an answer with a header whose value `value` matches; None stands for no header."""
    return _HasHeader(name, value)


class _HasHeader(BaseMatcher[Answer]):
    def __init__(self, name: str, value: Matcher[Any]) -> None:
        self._name = name
        self._value = value

    def _matches(self, item: Answer) -> bool:
        return self._value.matches(item.header(self._name))

    def describe_to(self, description: Description) -> None:
        description.append_text(f"header {self._name}: ").append_description_of(self._value)

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        shown = [
            value for name, value in item.exchange.headers if name.lower() == self._name.lower()
        ]
        if shown:
            mismatch_description.append_text(f"was {', '.join(shown)!r}")
        else:
            there = ", ".join(dict.fromkeys(name for name, _ in item.headers))
            mismatch_description.append_text(f"is not there; there are {there or 'none'}")
