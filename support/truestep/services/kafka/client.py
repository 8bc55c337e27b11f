"""What a scenario does with Kafka: `context.kafka`."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from truestep.errors import StepUsageError
from truestep.polling import scaled
from truestep.services.kafka.cluster import Cluster
from truestep.services.kafka.events import Event, in_time
from truestep.services.kafka.quiet import OWN_CLIENT

_ACKNOWLEDGED_WITHIN_S = 10.0
_NEXT_RECORD_WITHIN_S = 5.0
_CLOSES_WITHIN_S = 2.0
_LONGEST_NAME = 249
_LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]+")

Text = str | bytes
Headers = Mapping[str, Text] | Iterable[tuple[str, Text]]


class KafkaClient(ABC):
    """Kafka as one scenario has it: names in the feature stand for topics and groups.

    Args:
        cluster: the connection that all scenarios use, one at a time.
        place: what is added to each group, unique to the scenario; empty: nothing is added.
        partitions: how many a topic has that is made on first mention.
    """

    def __init__(self, cluster: Cluster, place: str, partitions: int) -> None:
        self.bootstrap = cluster.servers
        self._cluster = cluster
        self._place = place
        self._partitions = partitions
        self._topics: dict[str, TopicInUse] = {}
        self._groups: dict[str, str] = {}
        self._published: set[tuple[str, int, int]] = set()
        self._producers: list[Any] = []
        self._publisher: Any = None
        self._undo = ExitStack()
        self._undo.callback(self._let_go)

    def topic(self, name: str) -> str:
        """Returns the topic that `name` stands for; there is one from the first mention on.

        Raises:
            StepUsageError: Kafka allows no such name.
        """
        if name not in self._topics:
            self._physical(name, "topic")
            self._topics[name] = self._take(name)
        return self._topics[name].physical

    def group(self, name: str) -> str:
        """Returns the scenario's own consumer group for `name`.

        Raises:
            StepUsageError: Kafka allows no such name.
        """
        if name not in self._groups:
            self._groups[name] = self._physical(name, "consumer group")
        return self._groups[name]

    def publish(
        self,
        topic: str,
        value: object,
        *,
        key: Text | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Sends one event and returns when it is acknowledged.

        Args:
            topic: the name as in the feature.
            value: bytes, or text, or what becomes JSON, or None for a tombstone.
            key: events with the same key stay in order.
            headers: by name.
        """
        if self._publisher is None:
            self._publisher = self._new_producer({"client_id": f"{OWN_CLIENT}publisher"})
        pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
        sent = self._publisher.send(
            self.topic(topic),
            value=_bytes(value),
            key=_bytes(key),
            headers=[(name, _bytes(text)) for name, text in pairs],
        )
        record = sent.get(scaled(_ACKNOWLEDGED_WITHIN_S))
        self._published.add((topic, record.partition, record.offset))

    def producer(self, **config: Any) -> Any:
        """Returns a new `kafka.KafkaProducer` for code that publishes itself.

        What it has sent is acknowledged before `events` looks, and it is closed in the end.
        Topics have to be named by `topic(name)`. It keeps the order in which it sends, and is
        neither idempotent nor transactional unless `config` says so.
        """
        producer = self._new_producer(config)
        self._undo.callback(producer.close, timeout=_CLOSES_WITHIN_S)
        return producer

    def consumer(self, topic: str, *, group: str, **config: Any) -> Any:
        """Returns a new `kafka.KafkaConsumer` that joins `group`; it is closed in the end.

        It starts with the first event of the topic, notices soon when another member joins, and
        as an iterator ends when no event comes for 5 seconds; `config` can say otherwise.
        """
        from kafka import KafkaConsumer

        defaults = self._defaults() | {
            "auto_offset_reset": "earliest",
            "heartbeat_interval_ms": 100,
            # So long it pauses when it has yet to learn who coordinates its group: 100 by default.
            "retry_backoff_ms": 10,
            "session_timeout_ms": 6_000,
            "consumer_timeout_ms": int(scaled(_NEXT_RECORD_WITHIN_S) * 1000),
        }
        config = defaults | config | {"group_id": self.group(group)}
        consumer = KafkaConsumer(self.topic(topic), **config)
        self._undo.callback(consumer.close, timeout_ms=int(_CLOSES_WITHIN_S * 1000))
        return consumer

    def events(self, topic: str) -> list[Event]:
        """Returns all events of the scenario's topic, by time, those of one key as they were sent.

        They are read up to the ends of all partitions as they are after everything that the
        scenario's producers sent is acknowledged; what is not in the list has not been sent. No
        group is joined, so nothing is taken away from anybody.
        """
        for producer in self._producers:
            producer.flush(timeout=scaled(_ACKNOWLEDGED_WITHIN_S))
        in_use = self._to_read(topic)
        read = self._cluster.read(in_use.physical, in_use.positions)
        in_use.events += in_time(
            [_event(topic, record) for record in records] for records in read.values()
        )
        return list(in_use.events)

    def topics(self) -> list[str]:
        """Returns the names of the topics that the scenario has mentioned."""
        return list(self._topics)

    def seen(self) -> list[Event]:
        """Returns the events that `events` has returned so far."""
        return [event for in_use in self._topics.values() for event in in_use.events]

    def published(self, event: Event) -> bool:
        """Tells whether the event was sent by `publish`."""
        return (event.topic, event.partition, event.offset) in self._published

    def close(self) -> None:
        """Closes the scenario's producers and consumers and lets go of its topics and groups."""
        self._undo.close()

    @abstractmethod
    def _take(self, name: str) -> TopicInUse:
        """Returns the topic for a name that is mentioned for the first time."""

    @abstractmethod
    def _let_go(self) -> None:
        """Closes the publisher, then deletes what is the scenario's own; called last of all."""

    def _to_read(self, name: str) -> TopicInUse:
        self.topic(name)
        return self._topics[name]

    def _close_publisher(self) -> None:
        """Closes what `publish` has made; all that it sent is acknowledged."""
        if self._publisher is not None:
            self._publisher.close(timeout=_CLOSES_WITHIN_S)

    def _new_producer(self, config: dict[str, Any]) -> Any:
        from kafka import KafkaProducer

        if not config.keys() & {"enable_idempotence", "transactional_id"}:
            # An idempotent producer gets its first event through 100 ms later.
            config = {"max_in_flight_requests_per_connection": 1} | config
            config["enable_idempotence"] = False
        producer = KafkaProducer(**self._defaults() | config)
        self._producers.append(producer)
        return producer

    def _defaults(self) -> dict[str, Any]:
        servers = self.bootstrap.split(",")
        return {"bootstrap_servers": servers, "api_version": self._cluster.release}

    def _physical(self, name: str, what: str) -> str:
        added = self._place and f".{self._place}"
        longest = _LONGEST_NAME - len(added)
        if not _LEGAL_NAME.fullmatch(name) or len(name) > longest:
            raise StepUsageError(
                f"{name!r} cannot be the name of a {what}",
                seen="Kafka allows letters, digits, dots, underscores and dashes only,"
                f" and Truestep up to {longest} of them",
                looked=f"the name of the {what}",
                remedy="choose another name",
            )
        return name + added


class TopicInUse:
    """A topic that the scenario has mentioned, and what was read from it so far."""

    def __init__(self, physical: str, positions: dict[int, int]) -> None:
        self.physical = physical
        self.positions = positions
        self.events: list[Event] = []


def _event(topic: str, record: Any) -> Event:
    return Event(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        key=None if record.key is None else _text(record.key),
        value=record.value,
        headers={name: _text(value or b"") for name, value in record.headers},
        timestamp=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )


def _bytes(value: object) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode()


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")
