"""That an answer is JSON, and what it says."""

from __future__ import annotations

from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.same_json import same_json_as
from truestep.services.application.exchange import Answer


def has_json(value: Matcher[Any]) -> Matcher[Answer]:
    """Matches an answer whose body is JSON that `value` matches."""
    return _HasJson(value)


def has_exactly_json(expected: Any) -> Matcher[Answer]:
    """Matches an answer whose JSON is `expected`, no more and no less."""
    return _HasJson(same_json_as(expected), as_text=True)


class _HasJson(BaseMatcher[Answer]):
    def __init__(self, value: Matcher[Any], *, as_text: bool = False) -> None:
        self._value = value
        self._as_text = as_text

    def _matches(self, item: Answer) -> bool:
        return item.is_json() and self._value.matches(self._read(item))

    def describe_to(self, description: Description) -> None:
        self._value.describe_to(description)

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        if item.is_json():
            self._value.describe_mismatch(self._read(item), mismatch_description)
            mismatch_description.append_text(f"\n     in: {item.shown()}")
        else:
            mismatch_description.append_text(f"was not JSON: {item.shown()}")

    def _read(self, item: Answer) -> Any:
        return item.text if self._as_text else item.json()
