"""That a JSON value is the one that a short text in a step stands for."""

from __future__ import annotations

import json
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.partial_json import partial_json, shown_json
from truestep.matchers.placeholders import placeholder


def written_as(text: str) -> Matcher[Any]:
    """Matches the text itself, the value whose JSON it is, or what it stands for as placeholder.

    `7` matches 7 and "7", `true` matches true and "true", `<any>` all but null.
    """
    return _WrittenAs(text)


class _WrittenAs(BaseMatcher[Any]):
    def __init__(self, text: str) -> None:
        self._text = text

    def _matches(self, item: Any) -> bool:
        stands_for = placeholder(self._text)
        if stands_for:
            return stands_for.matches(item)
        if isinstance(item, str):
            return item == self._text
        try:
            value = json.loads(self._text)
        except ValueError:
            return False
        return partial_json(value).matches(item)

    def describe_to(self, description: Description) -> None:
        stands_for = placeholder(self._text)
        if stands_for:
            stands_for.describe_to(description)
        else:
            description.append_text(f'"{self._text}"')

    def describe_mismatch(self, item: Any, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"was {shown_json(item)}")
