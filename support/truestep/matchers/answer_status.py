"""That an answer has a status."""

from __future__ import annotations

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer


def has_status(status: int) -> Matcher[Answer]:
    """Matches an answer with that status code."""
    return _HasStatus(status)


class _HasStatus(BaseMatcher[Answer]):
    def __init__(self, status: int) -> None:
        self._status = status

    def _matches(self, item: Answer) -> bool:
        return item.status == self._status

    def describe_to(self, description: Description) -> None:
        description.append_text(f"status {self._status}")

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"was {item.shown()}")
