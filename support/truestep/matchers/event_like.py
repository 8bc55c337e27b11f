"""That an event is the one that is looked for: by its JSON, its key and its headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

from truestep.matchers.partial_json import PartialJson, partial_json, shown_json
from truestep.services.kafka.events import Event

# Where an event usually says what happened; it then goes by that name in what people read.
_NAMED_BY = ("type", "event", "eventType", "event_type")
_SHOWN_EVENTS = 5


def event_like(
    *,
    value: PartialJson | None = None,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> EventLike:
    """Matches an event whose JSON has all of `value`, and that has the key and the headers.

    What is None, and headers that are not named, may be anything.
    """
    return EventLike(value, key, headers or {})


class EventLike(BaseMatcher[Event]):
    """See `event_like`."""

    def __init__(
        self, value: PartialJson | None, key: str | None, headers: Mapping[str, str]
    ) -> None:
        self._value = value
        self._key = key
        self._headers = headers
        self._named_by = _named_by(value.expected) if value else None

    def __str__(self) -> str:
        parts = [] if self._value is None else self._described_value(self._value.expected)
        if self._key is not None:
            parts.append(f"key {shown_json(self._key)}")
        parts += [f"header {name} {shown_json(text)}" for name, text in self._headers.items()]
        name = self._value.expected[self._named_by] if self._value and self._named_by else ""
        return f"event {name}".rstrip() + (f" with {' and '.join(parts)}" if parts else "")

    def differences(self, event: Event) -> list[str]:
        """Returns in which ways `event` is another one."""
        differing = []
        if self._key is not None and event.key != self._key:
            differing.append(f"key differs: {shown_json(event.key)}")
        for name, text in self._headers.items():
            if name not in event.headers:
                differing.append(f"header {name} is missing")
            elif event.headers[name] != text:
                differing.append(f"header {name} differs: {shown_json(event.headers[name])}")
        if self._value is None:
            return differing
        if not event.is_json():
            return [*differing, "not JSON"]
        found = self._value.differences(event.json())
        # What an event is named by stands before its differences already.
        named = [f"{one.place} differs" for one in found if one.place == self._named_by]
        return [*differing, *named, *(str(one) for one in found if one.place != self._named_by)]

    def seen_instead(self, events: Iterable[Event]) -> str:
        """Returns what the events are and how each differs, the nearest miss first."""
        ranked = sorted(
            events, key=lambda event: (not event.is_json(), len(self.differences(event)))
        )
        texts = [self.seen(event) for event in ranked[:_SHOWN_EVENTS]]
        if not texts:
            return "none was seen at all"
        if len(ranked) > _SHOWN_EVENTS:
            texts.append(f"and {len(ranked) - _SHOWN_EVENTS} more")
        separator = "\n          " if len(texts) > 1 else " "
        return f"seen instead:{separator}" + separator.join(texts)

    def seen(self, event: Event) -> str:
        """Returns what one event is, and how it differs: `user.renamed (email differs: …)`."""
        if not event.is_json():
            differing = [one for one in self.differences(event) if one != "not JSON"]
            return f"not JSON: {event.text()}" + (f" ({'; '.join(differing)})" if differing else "")
        body, differing = event.json(), self.differences(event)
        named_by = self._named_by or _named_by(body)
        is_named = isinstance(body, dict) and isinstance(body.get(named_by), str)
        name = body[named_by] if is_named else event.text()
        return name + (f" ({'; '.join(differing)})" if differing else "")

    def _matches(self, item: Event) -> bool:
        return not self.differences(item)

    def describe_to(self, description: Description) -> None:
        """Says which event is looked for."""
        description.append_text(str(self))

    def describe_mismatch(self, item: Event, mismatch_description: Description) -> None:
        """Says what the event is and how it differs."""
        mismatch_description.append_text(self.seen(item))

    def _described_value(self, expected: Any) -> list[str]:
        if not isinstance(expected, dict):
            return [shown_json(expected)]
        return [
            f"{name} {shown_json(wanted)}"
            for name, wanted in expected.items()
            if name != self._named_by
        ]


def _named_by(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((name for name in _NAMED_BY if isinstance(value.get(name), str)), None)


def any_event() -> EventLike:
    """Matches every event, JSON or not."""
    return event_like()


def event_with(expected: Any) -> EventLike:
    """Matches an event whose JSON has all of `expected`."""
    return event_like(value=partial_json(expected))
