"""That an answer is JSON, and what it says."""

from __future__ import annotations

from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer


def has_json(value: Matcher[Any]) -> Matcher[Answer]:
    """Matches an answer whose body is JSON that `value` matches."""
    return _HasJson(value)


class _HasJson(BaseMatcher[Answer]):
    def __init__(self, value: Matcher[Any]) -> None:
        self._value = value

    def _matches(self, item: Answer) -> bool:
        return item.is_json() and self._value.matches(item.json())

    def describe_to(self, description: Description) -> None:
        self._value.describe_to(description)

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        if item.is_json():
            self._value.describe_mismatch(item.json(), mismatch_description)
            mismatch_description.append_text(f"\n     in: {item.shown()}")
        else:
            mismatch_description.append_text(f"was not JSON: {item.shown()}")
