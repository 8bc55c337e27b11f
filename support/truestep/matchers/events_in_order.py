"""That exactly these events were seen, in this order."""

from __future__ import annotations

from collections.abc import Sequence

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.matchers.event_like import EventLike
from truestep.services.kafka.events import Event


def events_in_order(expected: Sequence[EventLike]) -> Matcher[Sequence[Event]]:
    """Matches events that are like the expected ones, one by one, and no more than those.

    Between partitions Kafka keeps no order; of two events that were made there in the same
    millisecond either may be the first.
    """
    return _EventsInOrder(expected)


class _EventsInOrder(BaseMatcher[Sequence[Event]]):
    def __init__(self, expected: Sequence[EventLike]) -> None:
        self._expected = expected

    def _matches(self, item: Sequence[Event]) -> bool:
        return self._problem(item) is None

    def describe_to(self, description: Description) -> None:
        description.append_text(f"in this order: {', '.join(map(str, self._expected))}")

    def describe_mismatch(self, item: Sequence[Event], mismatch_description: Description) -> None:
        mismatch_description.append_text(self._problem(item) or "they were")

    def _problem(self, events: Sequence[Event]) -> str | None:
        left = list(events)
        for number, like in enumerate(self._expected, 1):
            if not left:
                return f"{number - 1} of {len(self._expected)} events came; missing is the {like}"
            firsts = [one for one in left if not any(other.before(one) for other in left)]
            # Producers may give the events of one partition times that run backwards.
            found = next(filter(like.matches, firsts or left[:1]), None)
            if found is None:
                return (
                    f"number {number} was not the {like}; {like.seen_instead(firsts or left[:1])}"
                )
            left.remove(found)
        return f"more came: {', '.join(event.text() for event in left)}" if left else None
