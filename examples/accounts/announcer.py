"""The way to Kafka: the topic, and a producer that repeats without doubling."""

from __future__ import annotations

import json
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import TopicAlreadyExistsError

from examples.accounts.outbox import Waiting

_PARTITIONS = 3
_ANSWERS_WITHIN_MS = 2_000
# An event is not given up while its place in the outbox is kept.
_NEVER_MS = 2**31 - 1
_CLOSES_WITHIN_S = 1.0


class Announcer:
    """Sends events to the topic, keyed by the user's number so that one user's stay in order."""

    def __init__(self, servers: tuple[str, ...], topic: str) -> None:
        self._servers = list(servers)
        self._topic = topic
        self._producer: Any = None

    def prepare(self) -> None:
        """Makes the topic and connects, unless that is done.

        Raises:
            KafkaError, OSError: Kafka does not answer.
        """
        if self._producer is not None:
            return
        admin = KafkaAdminClient(
            bootstrap_servers=self._servers,
            bootstrap_timeout_ms=_ANSWERS_WITHIN_MS,
            request_timeout_ms=_ANSWERS_WITHIN_MS,
        )
        try:
            admin.create_topics(
                {self._topic: {"num_partitions": _PARTITIONS}}, wait_for_metadata=True
            )
        except TopicAlreadyExistsError:
            pass
        finally:
            admin.close()
        self._producer = KafkaProducer(
            bootstrap_servers=self._servers,
            enable_idempotence=True,
            acks="all",
            max_block_ms=_ANSWERS_WITHIN_MS,
            request_timeout_ms=_ANSWERS_WITHIN_MS,
            delivery_timeout_ms=_NEVER_MS,
            reconnect_backoff_max_ms=500,
        )

    def send(self, event: Waiting) -> Any:
        """Hands an event over and returns kafka-python's future of the broker's answer.

        Raises:
            KafkaTimeoutError: it was not handed over, as Kafka does not say who takes it.
        """
        return self._producer.send(
            self._topic,
            key=str(event.user_id).encode(),
            value=json.dumps(event.body, ensure_ascii=False).encode(),
            headers=[("event-id", event.event_id.encode()), ("content-type", b"application/json")],
        )

    def close(self) -> None:
        """Disconnects; `prepare` connects anew."""
        if self._producer is not None:
            self._producer.close(timeout=_CLOSES_WITHIN_S)
            self._producer = None
