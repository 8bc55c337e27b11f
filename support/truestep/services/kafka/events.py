"""Events as a scenario sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from typing import Any

from truestep.errors import MalformedEventError

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Event:
    """One event that was read.

    `topic` is the name as in the feature; `value` is None for a tombstone; `timestamp` is when
    the event was made, as its producer or the broker says; a header that occurs twice has the
    later value.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes | None
    headers: dict[str, str] = field(hash=False)
    timestamp: datetime

    def json(self) -> Any:
        """Returns the value parsed as JSON.

        Raises:
            MalformedEventError: it is not JSON.
        """
        try:
            return json.loads(self.value or b"")
        except ValueError as error:
            raise MalformedEventError(
                f"an event on {self.topic!r} is not JSON",
                seen=self.text(),
                looked=f"partition {self.partition}, offset {self.offset}: {error}",
                remedy="correct what publishes it, or look at its bytes: event.value",
            ) from None

    def is_json(self) -> bool:
        """Tells whether `json` would succeed."""
        try:
            self.json()
        except MalformedEventError:
            return False
        return True

    def text(self) -> str:
        """Returns the value for people, cut to 200 characters."""
        if self.value is None:
            return "no value (a tombstone)"
        try:
            text = self.value.decode()
        except UnicodeDecodeError:
            text = repr(self.value)
        cut = len(text) > _SHOWN_CHARACTERS
        return text[:_SHOWN_CHARACTERS] + ("…" if cut else "")

    def before(self, other: Event) -> bool:
        """Tells whether this event surely came before `other`.

        Within a partition the offset tells; between partitions only the time does, so that of two
        events of one millisecond neither came first.
        """
        if self.partition == other.partition:
            return self.offset < other.offset
        return self.timestamp < other.timestamp

    def __repr__(self) -> str:
        return f"<{self.topic} {self.partition}/{self.offset}: {self.text()}>"


def in_time(partitions: Iterable[list[Event]]) -> list[Event]:
    """Returns the events of all partitions by time, those of one partition by offset."""
    return list(merge(*partitions, key=lambda event: event.timestamp))
