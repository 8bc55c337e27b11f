"""That a look-up found what can be kept: one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher


def one_value() -> Matcher[Sequence[Any]]:
    """Matches a list with exactly one value that is not null."""
    return _OneValue()


class _OneValue(BaseMatcher[Sequence[Any]]):
    def _matches(self, item: Sequence[Any]) -> bool:
        return len(item) == 1 and item[0] is not None

    def describe_to(self, description: Description) -> None:
        description.append_text("exactly one row, with a value to keep")

    def describe_mismatch(self, item: Sequence[Any], mismatch_description: Description) -> None:
        found = "its value is null" if len(item) == 1 else f"{len(item) or 'no'} rows fit"
        mismatch_description.append_text(found)
