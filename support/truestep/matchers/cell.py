"""One cell of a row: what was written, and what fits it."""

from __future__ import annotations

import json
from typing import Any

from hamcrest import equal_to
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.placeholders import NULL


class Cell(BaseMatcher[Any]):
    """Matches what `matcher` matches, and is described as it was written.

    Args:
        text: the cell as it stands in the data table.
        matcher: what fits it.
    """

    def __init__(self, text: str, matcher: Matcher[Any]) -> None:
        self._text = text
        self._matcher = matcher

    def _matches(self, item: Any) -> bool:
        return self._matcher.matches(item)

    def describe_to(self, description: Description) -> None:
        """Shows the cell as it was written."""
        description.append_text(show_text(self._text))


def cell(text: str, value: Any) -> Cell:
    """Returns the matcher for a cell whose text means `value`."""
    return Cell(text, _NotANumber() if value != value else equal_to(value))  # noqa: PLR0124  # NaN


class _NotANumber(BaseMatcher[Any]):
    """NaN, which no value equals: not even NaN."""

    def _matches(self, item: Any) -> bool:
        return bool(item != item)  # noqa: PLR0124  # NaN alone does that


def show(value: Any) -> str:
    """Returns a value read from a column as one would write it in a data table."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return show_text(value)
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def show_text(text: str) -> str:
    """Returns text as it is, in quotes when one would not see where it begins and ends."""
    plain = text and text == text.strip() and text.isprintable()
    return text if plain else repr(text)
