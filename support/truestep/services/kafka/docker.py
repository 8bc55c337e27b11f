"""Kafka in a container: Confluent's images and Apache's."""

from __future__ import annotations

from typing import Any

from truestep.services.base import Endpoint, RunContext
from truestep.services.containers import ContainerProvider
from truestep.settings import Values

_INNER_PORT = 9093
_APACHE = "apache/kafka"


class KafkaContainerProvider(ContainerProvider):
    """Runs one broker that is its own controller."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("kafka", values["image"], _INNER_PORT, values["port"], context.console)

    def build(self) -> Any:
        """Returns the container that fits the image."""
        from truestep.services.kafka.container import ApacheBroker, ConfluentBroker

        kind = ApacheBroker if _APACHE in self._image else ConfluentBroker
        return kind(self._image, port=_INNER_PORT)

    def endpoint(self, host: str, port: int) -> Endpoint:
        """Returns the endpoint with the bootstrap server that the broker advertises."""
        return Endpoint(host, port, f"{host}:{port}")
