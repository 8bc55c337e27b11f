"""What happens to users, announced through Kafka as JSON and read by groups of readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from examples.users.repository import User

_ACKNOWLEDGED_WITHIN_S = 10.0
_POLL_MS = 50

Headers = Sequence[tuple[str, bytes]]
JSON_HEADERS: Headers = (("content-type", b"application/json"),)


class Happening(StrEnum):
    """The types of announcements."""

    CREATED = "user.created"
    RENAMED = "user.renamed"
    DELETED = "user.deleted"


@dataclass(frozen=True)
class UserEvent:
    """One announcement."""

    type: Happening
    id: int
    email: str


@dataclass(frozen=True)
class MalformedEvent:
    """What was found where an announcement should be, and what is wrong with it."""

    value: bytes | None
    reason: str


def encode(event: UserEvent) -> bytes:
    """Returns the announcement as JSON."""
    return json.dumps({"type": event.type, "id": event.id, "email": event.email}).encode()


def decode(value: bytes | None) -> UserEvent | MalformedEvent:
    """Reads an announcement; one that cannot be read is returned as such, never raised."""
    try:
        fields = json.loads(value or b"")
        return UserEvent(Happening(fields["type"]), int(fields["id"]), str(fields["email"]))
    except UnicodeDecodeError:
        return MalformedEvent(value, "it is not text")
    except json.JSONDecodeError:
        return MalformedEvent(value, "it is not JSON")
    except (KeyError, TypeError, ValueError):
        return MalformedEvent(value, "it is not about a user")


class UserEvents:
    """Announces what happens to users, keyed by the user's id: one user's events stay in order."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def announce(self, what: Happening, user: User, headers: Headers = JSON_HEADERS) -> None:
        """Returns once the broker has acknowledged the announcement.

        Raises:
            kafka.errors.KafkaError: it was not acknowledged within 10 s.
        """
        sent = self._producer.send(
            self._topic,
            key=str(user.id).encode(),
            value=encode(UserEvent(what, user.id, user.email)),
            headers=list(headers),
        )
        sent.get(timeout=_ACKNOWLEDGED_WITHIN_S)


class UserEventReader:
    """One member of a group that reads the announcements; groups do not disturb each other."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self.events: list[UserEvent] = []
        self.malformed: list[MalformedEvent] = []

    def share(self) -> set[TopicPartition]:
        """Takes part in the group's work and returns the share of it that is this member's now."""
        self.read()
        return set(self._consumer.assignment())

    def read(self) -> list[UserEvent]:
        """Reads what has arrived (waiting 50 ms at most); returns all that was read so far."""
        for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                event = decode(record.value)
                if isinstance(event, UserEvent):
                    self.events.append(event)
                else:
                    self.malformed.append(event)
        return self.events
