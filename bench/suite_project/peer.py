"""The environment of the suite on the peer's side: testcontainers for each feature.

As its documentation shows it, all by default. Within a feature the scenarios share the containers:
tables and keys are emptied, topics and groups have names of the scenario's own.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from testcontainers.core.container import Reaper

_NUMBERS = count(1)


class Bank:
    """Where the services of the feature are."""

    def __init__(self, tags: list[str], undo: ExitStack) -> None:
        self._undo = undo
        self._scenario = 0
        if "postgres" in tags:
            from testcontainers.community.postgres import PostgresContainer

            server = undo.enter_context(PostgresContainer("postgres:16-alpine"))
            self._url = str(server.get_connection_url(driver=None))
            with self.connection, self.connection.cursor() as cursor:
                cursor.execute(Path(os.environ["SUITE_SCHEMA"]).read_text())
        if "redis" in tags:
            from testcontainers.community.redis import RedisContainer

            self.cache = undo.enter_context(RedisContainer("redis:7-alpine")).get_client()
        if "kafka" in tags:
            from testcontainers.community.kafka import KafkaContainer

            broker = KafkaContainer("confluentinc/cp-kafka:7.6.0").with_kraft()
            self._servers = undo.enter_context(broker).get_bootstrap_server()

    @cached_property
    def connection(self) -> Any:
        """Returns the connection to the tables of the feature."""
        import psycopg2

        connection = psycopg2.connect(self._url)
        self._undo.callback(connection.close)
        return connection

    def topic(self, name: str) -> str:
        """Returns the scenario's own topic."""
        return f"{name}-{self._scenario}"

    def producer(self) -> Any:
        """Returns a new producer."""
        from kafka import KafkaProducer

        producer = KafkaProducer(bootstrap_servers=self._servers)
        self._undo.callback(producer.close, timeout=2)
        return producer

    def consumer(self, topic: str, *, group: str) -> Any:
        """Returns a new consumer that joins a group of the scenario's own."""
        from kafka import KafkaConsumer

        consumer = KafkaConsumer(
            self.topic(topic),
            bootstrap_servers=self._servers,
            group_id=f"{group}-{self._scenario}",
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
        )
        self._undo.callback(consumer.close)
        return consumer

    def empty(self, tags: list[str]) -> None:
        """Brings the services back to how they were when the feature began."""
        self._scenario = next(_NUMBERS)
        if "postgres" in tags:
            with self.connection, self.connection.cursor() as cursor:
                cursor.execute("TRUNCATE accounts, payments RESTART IDENTITY")
        if "redis" in tags:
            self.cache.flushall()


def before_feature(context: Any, feature: Any) -> None:
    context.undo = ExitStack()
    context.bank = Bank(feature.tags, context.undo)


def before_scenario(context: Any, scenario: Any) -> None:
    context.bank.empty(scenario.effective_tags)


def after_feature(context: Any, feature: Any) -> None:  # noqa: ARG001  # as behave calls it
    context.undo.close()


def after_all(context: Any) -> None:  # noqa: ARG001  # as behave calls it
    Reaper.delete_instance()
