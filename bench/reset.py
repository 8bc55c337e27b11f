"""reset-postgres, reset-redis, reset-kafka: a scenario's isolation against the naive way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from time import perf_counter

import psycopg2
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import TopicAlreadyExistsError
from measure import Bench, Contenders
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class
from rows import Question
from servers import started

from truestep.polling import pause, pauses
from truestep.pool import RUN, RunningService
from truestep.services.kafka.client import KafkaClient
from truestep.services.postgres.url import with_database
from truestep.services.redis.client import connect

_ACKNOWLEDGED_WITHIN_S = 30.0
_TOPIC = "naive"


@contextmanager
def _running(name: str) -> Iterator[RunningService]:
    with started([name]) as pool:
        yield pool.acquire(name, RUN)


@contextmanager
def _postgres() -> Iterator[Contenders]:
    with _running("postgres") as server, closing(psycopg2.connect(server.endpoint.url)) as admin:
        admin.autocommit = True
        numbers = count()

        def ours() -> float:
            began = perf_counter()
            client = server.isolation.enter(f"bench{next(numbers)}")
            entered = perf_counter()
            _save_something(client.connection)
            leaving = perf_counter()
            server.isolation.leave(client)
            return perf_counter() - leaving + entered - began

        def naive() -> float:
            name = f"naive_{next(numbers)}"
            began = perf_counter()
            _run(admin, f"CREATE DATABASE {name}")
            entered = perf_counter()
            connection = psycopg2.connect(with_database(server.endpoint.url, name))
            _save_something(connection)
            leaving = perf_counter()
            connection.close()
            _run(admin, f"DROP DATABASE {name} WITH (FORCE)")
            return perf_counter() - leaving + entered - began

        yield Contenders(ours, naive)


def _save_something(connection: Connection) -> None:
    _run(connection, "CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE)")
    _run(connection, "INSERT INTO users (email) VALUES ('ada@example.com')")
    connection.commit()


def _run(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _redis() -> Iterator[Contenders]:
    with _running("redis") as server, connect(server.endpoint) as shared:
        numbers = count()

        def ours() -> float:
            began = perf_counter()
            client = server.isolation.enter(f"bench{next(numbers)}")
            entered = perf_counter()
            client.set("user:1", "Ada")
            leaving = perf_counter()
            server.isolation.leave(client)
            return perf_counter() - leaving + entered - began

        def naive() -> float:
            shared.set("user:1", "Ada")
            leaving = perf_counter()
            shared.flushall()
            return perf_counter() - leaving

        yield Contenders(ours, naive)


@contextmanager
def _kafka() -> Iterator[Contenders]:
    with _running("kafka") as server, ExitStack() as undo:
        servers = server.endpoint.url
        admin = KafkaAdminClient(bootstrap_servers=servers)
        undo.callback(admin.close)
        producer = KafkaProducer(bootstrap_servers=servers)
        undo.callback(producer.close, timeout=_ACKNOWLEDGED_WITHIN_S)
        numbers = count()
        # As many partitions as a topic of a scenario has.
        options = {"num_partitions": int(server.service.values["partitions"])}
        admin.create_topics({_TOPIC: options}, wait_for_metadata=True)
        _send_first(producer, _TOPIC)

        def ours() -> float:
            began = perf_counter()
            client: KafkaClient = server.isolation.enter(f"bench{next(numbers)}")
            _send_first(producer, client.topic("events"))
            server.isolation.leave(client)
            return perf_counter() - began

        def naive() -> float:
            began = perf_counter()
            admin.delete_topics([_TOPIC])
            _create_again(admin, options)
            _send_first(producer, _TOPIC)
            return perf_counter() - began

        yield Contenders(ours, naive)


def _create_again(admin: KafkaAdminClient, options: dict[str, int]) -> None:
    for seconds in pauses():
        try:
            admin.create_topics({_TOPIC: options}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            # Brokers delete in the background.
            pause(seconds)
        else:
            return


def _send_first(producer: KafkaProducer, topic: str) -> None:
    sent = producer.send(topic, b"Ada").get(_ACKNOWLEDGED_WITHIN_S)
    if sent.offset:
        raise RuntimeError(f"the topic {topic} was not empty: the event has offset {sent.offset}")


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "reset-postgres",
            "a scenario's own database, entered and left",
            "ms",
            "CREATE DATABASE by the default strategy, DROP DATABASE",
        ),
        repeats=20,
        contenders=_postgres,
    ),
    Bench(
        Question("reset-redis", "a scenario's own database, entered and left", "ms", "FLUSHALL"),
        repeats=50,
        contenders=_redis,
    ),
    Bench(
        Question(
            "reset-kafka",
            "a scenario's own topic, entered, first event acknowledged, left",
            "ms",
            "delete the topic, create it again, first event acknowledged",
        ),
        repeats=10,
        contenders=_kafka,
    ),
)
