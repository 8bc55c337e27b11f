"""Whether each dependency answers now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import redis
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

_log = logging.getLogger("accounts.health")

_ANSWERS_WITHIN_MS = 1_500
# PostgreSQL's library takes less for 2.
_CONNECTS_WITHIN_S = 2
_TROUBLES = (psycopg2.Error, redis.RedisError, KafkaError, OSError)


class Checkup:
    """Asks all dependencies side by side, each of which has about two seconds to answer."""

    def __init__(
        self, database_url: str, store: redis.Redis, servers: tuple[str, ...], topic: str
    ) -> None:
        self._broker = _Broker(servers, topic)
        self._checks: Mapping[str, Callable[[], object]] = {
            "postgres": lambda: _ask_postgres(database_url),
            "redis": store.ping,
            "kafka": self._broker.ask,
        }
        self._threads = ThreadPoolExecutor(len(self._checks), thread_name_prefix="health")

    def down(self) -> list[str]:
        """Returns the names of those that do not answer."""
        asked = {name: self._threads.submit(_trouble, ask) for name, ask in self._checks.items()}
        troubles = {name: answer.result() for name, answer in asked.items()}
        for name, trouble in troubles.items():
            if trouble:
                _log.warning("%s is down: %s", name, trouble)
        return [name for name, trouble in troubles.items() if trouble]

    def close(self) -> None:
        """Disconnects."""
        self._threads.shutdown()
        self._broker.close()


class _Broker:
    """A connection to Kafka for questions only; made anew after it failed."""

    def __init__(self, servers: tuple[str, ...], topic: str) -> None:
        self._servers = list(servers)
        self._topic = topic
        self._lock = threading.Lock()
        self._admin: Any = None

    def ask(self) -> None:
        """Raises KafkaError when Kafka does not answer, or does not have the topic yet."""
        with self._lock:
            try:
                if self._admin is None:
                    self._admin = KafkaAdminClient(
                        bootstrap_servers=self._servers,
                        bootstrap_timeout_ms=_ANSWERS_WITHIN_MS,
                        request_timeout_ms=_ANSWERS_WITHIN_MS,
                    )
                self._admin.describe_topics([self._topic])
            except _TROUBLES:
                self._disconnect()
                raise

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None


def _ask_postgres(url: str) -> None:
    connection = psycopg2.connect(url, connect_timeout=_CONNECTS_WITHIN_S)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _trouble(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except _TROUBLES as error:
        return f"{type(error).__name__}: {error}".strip()
    return None
