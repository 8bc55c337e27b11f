"""That an event which is not JSON is among those that were seen."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.kafka.events import Event


def has_event_not_json(text: str) -> Matcher[Sequence[Event]]:
    """Matches events of which one is not JSON and reads `text`."""
    return _HasEventNotJson(text)


class _HasEventNotJson(BaseMatcher[Sequence[Event]]):
    def __init__(self, text: str) -> None:
        self._text = text

    def _matches(self, item: Sequence[Event]) -> bool:
        return any(not event.is_json() and event.value == self._text.encode() for event in item)

    def describe_to(self, description: Description) -> None:
        description.append_text(f"an event that is not JSON: {self._text}")

    def describe_mismatch(self, item: Sequence[Event], mismatch_description: Description) -> None:
        texts = [event.text() for event in item if not event.is_json()]
        found = f"not JSON were: {', '.join(texts)}" if texts else "all events were JSON"
        mismatch_description.append_text(found if item else "no event was seen at all")
