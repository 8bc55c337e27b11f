"""What there was on a scenario's topics, also what came too late."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from truestep.evidence import Entry, Kind, Snapshot
from truestep.polling import pause, pauses, scaled
from truestep.services.kafka.client import KafkaClient
from truestep.services.kafka.events import Event

# A step may have stopped waiting a moment too early; that is worth knowing.
_LATE_WITHIN_S = 0.3
_SHOWN_EVENTS = 100


def events_of(client: KafkaClient) -> Snapshot:
    """Returns the events of the topics that the scenario has mentioned.

    Waits up to 0.3 s (before scaling) for one that comes late.
    """
    seen = {_place(event) for event in client.seen()}
    events = _read(client, seen)
    content: dict[str, list[dict[str, Any]]] = {}
    for event in events[-_SHOWN_EVENTS:]:
        content.setdefault(event.topic, []).append(_row(event, client, seen))
    return Snapshot("events", content, tuple(_entries(events[-_SHOWN_EVENTS:], client)))


def _read(client: KafkaClient, seen: set[tuple[str, int, int]]) -> list[Event]:
    give_up = time.monotonic() + scaled(_LATE_WITHIN_S)
    events: list[Event] = []
    for seconds in pauses():
        events = sorted(
            (event for topic in client.topics() for event in client.events(topic)),
            key=lambda event: event.timestamp,
        )
        if any(_place(event) not in seen for event in events) or time.monotonic() > give_up:
            break
        pause(seconds)
    return events


def _entries(events: Iterable[Event], client: KafkaClient) -> Iterator[Entry]:
    for event in events:
        by = "published by a step" if client.published(event) else "published"
        title = f'event on "{event.topic}" {by}: {event.text()}'
        yield Entry(Kind.EVENT, title, data=_facts(event), at=event.timestamp)


def _row(event: Event, client: KafkaClient, seen: set[tuple[str, int, int]]) -> dict[str, Any]:
    return {
        "time": event.timestamp.isoformat(timespec="milliseconds"),
        **_facts(event),
        "by": "a step" if client.published(event) else "others",
        "read by a step": "yes" if _place(event) in seen else "no",
    }


def _facts(event: Event) -> dict[str, Any]:
    return {
        "partition": event.partition,
        "offset": event.offset,
        "key": event.key,
        "headers": event.headers,
        "value": event.value,
    }


def _place(event: Event) -> tuple[str, int, int]:
    return event.topic, event.partition, event.offset
