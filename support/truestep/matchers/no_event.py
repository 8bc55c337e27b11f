"""That an event is not among those that were seen."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.event_like import EventLike
from truestep.services.kafka.events import Event


def no_event(like: EventLike) -> Matcher[Sequence[Event]]:
    """Matches events of which none is like that."""
    return _NoEvent(like)


class _NoEvent(BaseMatcher[Sequence[Event]]):
    def __init__(self, like: EventLike) -> None:
        self._like = like

    def _matches(self, item: Sequence[Event]) -> bool:
        return not any(map(self._like.matches, item))

    def describe_to(self, description: Description) -> None:
        description.append_text(f"no {self._like}")

    def describe_mismatch(self, item: Sequence[Event], mismatch_description: Description) -> None:
        found = [event.text() for event in item if self._like.matches(event)]
        mismatch_description.append_text(f"there was {' and '.join(found)}")
