"""The first real work on a server, the same for ours and for the peer's."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg2
import redis
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

_WITHIN_S = 30.0
_TOPIC = "bench"


def query(url: str, undo: ExitStack) -> None:
    """Connects and runs a first query; `undo` closes the connection."""
    connection = psycopg2.connect(url)
    undo.callback(connection.close)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if cursor.fetchall() != [(1,)]:
            raise RuntimeError("SELECT 1 did not return 1")


def ping(url: str, undo: ExitStack) -> None:
    """Connects and sends a first PING; `undo` closes the connection."""
    client = redis.Redis.from_url(url)
    undo.callback(client.close)
    client.ping()


def produce_and_consume(servers: str, undo: ExitStack) -> None:
    """Makes a topic, produces a first event, consumes it by a group; `undo` closes the clients."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    undo.callback(admin.close)
    admin.create_topics({_TOPIC: {"num_partitions": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=servers)
    undo.callback(producer.close, timeout=_WITHIN_S)
    producer.send(_TOPIC, b"first").get(_WITHIN_S)
    consumer = KafkaConsumer(
        _TOPIC,
        bootstrap_servers=servers,
        group_id="bench",
        auto_offset_reset="earliest",
        consumer_timeout_ms=int(_WITHIN_S * 1000),
    )
    undo.callback(consumer.close)
    if next(consumer).value != b"first":
        raise RuntimeError("the group did not get the event that was produced")
