"""Telling whether a broker is ready: a handshake without a client first, then real work."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack
from typing import Any

from truestep.services.kafka.quiet import OWN_CLIENT, mute_own_clients
from truestep.services.kafka.url import split_servers

_ANSWERS_WITHIN_S = 1.0
_WORKS_WITHIN_S = 10.0
_BOOTSTRAPS_WITHIN_MS = 5_000
_API_VERSIONS = 18
_CORRELATION = 1


def shake_hands(servers: str) -> None:
    """Asks for the versions of the protocol, as every client does first, until a server answers.

    Costs a millisecond and one socket, where a client of kafka-python that meets a broker too
    early takes its time, logs errors, and leaves a thread behind.

    Raises:
        OSError: none of the servers answers yet.
    """
    failure: OSError | None = None
    for host, port in split_servers(servers):
        try:
            _ask(host, port)
        except OSError as error:
            failure = error
        else:
            return
    if failure:
        raise failure


def _ask(host: str, port: int) -> None:
    client = b"truestep"
    body = struct.pack(">hhih", _API_VERSIONS, 0, _CORRELATION, len(client)) + client
    with socket.create_connection((host, port), timeout=_ANSWERS_WITHIN_S) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        answer = b""
        while len(answer) < struct.calcsize(">ii"):
            more = connection.recv(1024)
            if not more:
                raise ConnectionResetError(f"{host}:{port} closed the connection without an answer")
            answer += more
    if struct.unpack_from(">ii", answer)[1] != _CORRELATION:
        raise ConnectionError(f"what answers at {host}:{port} is not a Kafka broker")


def produce_and_consume(servers: str, topic: str) -> tuple[int, ...]:
    """Sends one record through `topic`, which must be new and is deleted, and reads it back.

    Returns the release of Kafka that the broker's protocol belongs to, such as `(4, 1)`.

    Raises:
        kafka.errors.KafkaError, OSError: the broker is not ready.
    """
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.errors import KafkaTimeoutError

    patience_ms = int(_WORKS_WITHIN_S * 1000)
    config: dict[str, Any] = {
        "bootstrap_servers": servers.split(","),
        "client_id": f"{OWN_CLIENT}probe",
        "reconnect_backoff_ms": 10,
        "reconnect_backoff_max_ms": 100,
        "bootstrap_timeout_ms": _BOOTSTRAPS_WITHIN_MS,
    }
    mute_own_clients()
    with ExitStack() as stack:
        consumer = stack.enter_context(KafkaConsumer(enable_auto_commit=False, **config))
        config["api_version"] = release = consumer.config["api_version"]
        admin = stack.enter_context(KafkaAdminClient(request_timeout_ms=patience_ms, **config))
        stack.callback(admin.delete_topics, [topic], raise_errors=False)
        admin.create_topics({topic: {"num_partitions": 1}}, wait_for_metadata=True)
        producer = KafkaProducer(enable_idempotence=False, **config)
        stack.callback(producer.close, timeout=_WORKS_WITHIN_S)
        producer.send(topic, b"ready?").get(_WORKS_WITHIN_S)
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        # Else it would ask for its new topic 100 ms after it has asked for anything.
        consumer.bootstrap(patience_ms, refresh=True)
        if not consumer.poll(timeout_ms=patience_ms):
            raise KafkaTimeoutError("a record that was acknowledged cannot be read")
    return tuple(release)
