"""What happens to users, announced through Kafka as JSON and read by groups of readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Event

from kafka import KafkaConsumer, KafkaProducer

from examples.users.repository import User

_ACKNOWLEDGED_WITHIN_S = 10.0
_POLL_MS = 100

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
    """One member of a group that reads the announcements; groups do not disturb each other.

    It polls in a thread of its own from `start` to `stop`: a member that polls now and then only
    keeps the others of its group from getting their shares. What the thread fails of is raised
    by whoever asks next for what it has read.
    """

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="user-events")
        self._stopping = Event()
        self._work: Future[None] | None = None
        self._read: list[UserEvent | MalformedEvent] = []
        self._share: list[int] = []

    def start(self) -> None:
        """Joins the group and reads until stopped."""
        self._work = self._thread.submit(self._poll_until_stopped)

    def stop(self) -> None:
        """Returns when the consumer is no longer used, and may be closed."""
        self._stopping.set()
        self._thread.shutdown()

    def events(self) -> list[UserEvent]:
        """Returns the announcements read so far, in the order in which they came."""
        self._raise_if_failed()
        return [event for event in list(self._read) if isinstance(event, UserEvent)]

    def malformed(self) -> list[MalformedEvent]:
        """Returns what was read so far and is not an announcement."""
        self._raise_if_failed()
        return [event for event in list(self._read) if isinstance(event, MalformedEvent)]

    def share(self) -> list[int]:
        """Returns the partitions of the topic that are this member's now."""
        self._raise_if_failed()
        return self._share

    def _poll_until_stopped(self) -> None:
        while not self._stopping.is_set():
            for records in self._consumer.poll(timeout_ms=_POLL_MS).values():
                self._read += [decode(record.value) for record in records]
            self._share = sorted(assigned.partition for assigned in self._consumer.assignment())

    def _raise_if_failed(self) -> None:
        if self._work and self._work.done():
            self._work.result()
