"""testcontainers' Kafka container, made to fit: no wait for a log line, and Apache's images too."""

from __future__ import annotations

import re

from testcontainers.community.kafka import KafkaContainer

from truestep.services.kafka import broker
from truestep.services.processes import LOOPBACK


class ConfluentBroker(KafkaContainer):
    """A broker in KRaft mode that is told, once it runs, which published port to advertise."""

    def __init__(self, image: str, *, port: int) -> None:
        super().__init__(image, port=port)
        # with_kraft() does the same, but refuses tags that are not Confluent's version numbers.
        self.kraft_enabled = True
        self.with_env("KAFKA_HEAP_OPTS", f"-Xmx{broker.HEAP}")
        for name, value in broker.SETTINGS.items():
            self.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)

    def configure(self) -> None:
        """Configures KRaft mode."""
        super().configure()  # type: ignore[no-untyped-call]
        # The service's probe tells readiness and sees a container that dies; any log will do.
        self.wait_for = re.compile("")

    def get_container_host_ip(self) -> str:
        """Returns where the published port is: on IPv4 alone when the engine is local."""
        host: str = super().get_container_host_ip()
        return LOOPBACK if host == "localhost" else host


class ApacheBroker(ConfluentBroker):
    """The same for `apache/kafka`, whose start script is another one."""

    def tc_start(self) -> None:
        """Writes the script that the container waits for."""
        published = f"{self.get_container_host_ip()}:{self.get_exposed_port(self.port)}"
        listeners = f"{self.listener_name}://{published},BROKER://localhost:9092"
        lines = (
            "#!/bin/sh",
            f"export KAFKA_ADVERTISED_LISTENERS={listeners}",
            "exec /etc/kafka/docker/run",
        )
        self.create_file("\n".join(lines).encode(), self.TC_START_SCRIPT)
