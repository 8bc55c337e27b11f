"""How long an answer took."""

from __future__ import annotations

from datetime import timedelta

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer


def took_less_than(limit: timedelta) -> Matcher[Answer]:
    """Matches an answer whose end came sooner than that after its request."""
    return _TookLessThan(limit)


class _TookLessThan(BaseMatcher[Answer]):
    def __init__(self, limit: timedelta) -> None:
        self._limit_s = limit / timedelta(seconds=1)

    def _matches(self, item: Answer) -> bool:
        return item.duration_s < self._limit_s

    def describe_to(self, description: Description) -> None:
        description.append_text(f"an answer in less than {self._limit_s:g} s")

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"it took {item.duration_s:.3f} s")
