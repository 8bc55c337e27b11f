"""That a number of events was seen."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.kafka.events import Event


def event_count(count: int) -> Matcher[Sequence[Event]]:
    """Matches exactly so many events; a mismatch shows those that came."""
    return _EventCount(count)


class _EventCount(BaseMatcher[Sequence[Event]]):
    def __init__(self, count: int) -> None:
        self._count = count

    def _matches(self, item: Sequence[Event]) -> bool:
        return len(item) == self._count

    def describe_to(self, description: Description) -> None:
        description.append_text(f"exactly {_events(self._count)}")

    def describe_mismatch(self, item: Sequence[Event], mismatch_description: Description) -> None:
        shown = ": " + ", ".join(event.text() for event in item) if item else ""
        mismatch_description.append_text(f"{_events(len(item))} came{shown}")


def _events(count: int) -> str:
    return {0: "no events", 1: "1 event"}.get(count, f"{count} events")
