"""The Kafka service."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import ClassVar

from truestep.services.base import Endpoint, Isolation, Provider, Service, SharedPlace
from truestep.services.kafka.url import parse_servers
from truestep.settings import Backend, Key
from truestep.settings.keys import optional, text, whole, yes_or_no


class KafkaService(Service):
    """Kafka: topics of its own for each scenario, events read without joining a group."""

    name: ClassVar[str] = "kafka"
    title: ClassVar[str] = "Kafka"
    keys: ClassVar[Mapping[str, Key]] = {
        "url": Key("", optional(parse_servers), "where an external one is: host:port[,host:port]"),
        "image": Key("confluentinc/cp-kafka:7.6.0", text, "the Docker image; apache/kafka too"),
        "training": Key(
            "yes",
            yes_or_no,
            "whether a cache that halves an embedded start is made in the background after a run",
        ),
        "partitions": Key("3", whole(1, 1_000), "of a topic that is made on first mention"),
    }
    # Brokers do not tell their version; of the embedded one it is known.
    _version: str | None = None

    def provider(self, backend: Backend) -> Provider:
        """Returns the provider for `backend`."""
        if backend is Backend.DOCKER:
            from truestep.services.kafka.docker import KafkaContainerProvider

            return KafkaContainerProvider(self.values, self.context)
        if backend is Backend.EMBEDDED:
            from truestep.services.kafka.embedded import EmbeddedKafka

            embedded = EmbeddedKafka(self.values, self.context)
            self._version = embedded.version
            return embedded
        from truestep.services.external import ExternalProvider

        return ExternalProvider(self.values["url"])

    def probe(self, endpoint: Endpoint) -> str:
        """Sends a record and reads it back; returns the version, or the release it speaks like."""
        from truestep.services.kafka.readiness import produce_and_consume, shake_hands

        shake_hands(endpoint.url)
        topic = f"truestep-probe.{self.context.run_id}.{secrets.token_hex(3)}"
        release = produce_and_consume(endpoint.url, topic)
        return self._version or ".".join(map(str, release))

    def not_ready(self) -> tuple[type[BaseException], ...]:
        """Returns what a broker that is starting answers with."""
        import kafka.errors

        return (OSError, kafka.errors.KafkaError)

    def isolation(self, endpoint: Endpoint, backend: Backend) -> Isolation:
        """Returns topics of their own."""
        from truestep.services.kafka.isolation import PrivateTopics

        return PrivateTopics(
            endpoint,
            self.context.run_id,
            self.values["partitions"],
            is_ours=backend is not Backend.EXTERNAL,
            to_come=self.to_come,
        )

    def shared_place(self, endpoint: Endpoint, name: str | None, *, may_reset: bool) -> SharedPlace:
        """Returns topics of the application's own, or all of them as it names them."""
        from truestep.services.kafka.reset import SharedTopics

        place = self.context.place_of(name) if name else ""
        return SharedTopics(endpoint, self.values["partitions"], place=place, may_reset=may_reset)
