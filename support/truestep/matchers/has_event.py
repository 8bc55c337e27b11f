"""That an event is among those that were seen."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.event_like import EventLike
from truestep.services.kafka.events import Event


def has_event(like: EventLike) -> Matcher[Sequence[Event]]:
    """Matches events of which at least one is like that.

    A mismatch names the nearest misses: `no event user.created with email "ada@example.com"; seen
    instead: user.renamed (type differs)`.
    """
    return _HasEvent(like)


class _HasEvent(BaseMatcher[Sequence[Event]]):
    def __init__(self, like: EventLike) -> None:
        self._like = like

    def _matches(self, item: Sequence[Event]) -> bool:
        return any(map(self._like.matches, item))

    def describe_to(self, description: Description) -> None:
        description.append_text(f"an {self._like}")

    def describe_mismatch(self, item: Sequence[Event], mismatch_description: Description) -> None:
        mismatch_description.append_text(f"no {self._like}; {self._like.seen_instead(item)}")
