"""What scenarios wait for on servers that run: a clean place, an event, time that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

import psycopg2
from hamcrest import has_length
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import TopicAlreadyExistsError
from measure import Bench, Contenders
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class
from rows import AtMost, Question, Within
from servers import started

from truestep.polling import eventually, pause, pauses
from truestep.pool import RUN
from truestep.services.base import Endpoint, SharedPlace
from truestep.services.kafka.client import KafkaClient
from truestep.services.postgres.isolation import PrivateDatabases
from truestep.services.postgres.url import with_database
from truestep.services.redis.client import connect
from truestep.start import RunningService

_TABLES = [f"table_{number}" for number in range(30)]
_WRITTEN = _TABLES[:3]
_SCHEMA = "".join(
    f"CREATE TABLE {name} (id serial PRIMARY KEY, name text UNIQUE, at timestamptz, note text);\n"
    for name in _TABLES
)
# A scenario of the specs in features/ takes four times as long.
_SCENARIO_S = 0.05
# As many scenarios make one p95.
_SCENARIOS = 20
_HOUR = timedelta(hours=1)


@contextmanager
def _running(name: str) -> Iterator[RunningService]:
    with started([name]) as pool:
        yield pool.acquire(name, RUN)


def _timed(action: Callable[[], object]) -> float:
    began = perf_counter()
    action()
    return perf_counter() - began


def _act(something: Callable[[], object]) -> None:
    """Does something each millisecond, for as long as a short scenario takes."""
    until = monotonic() + _SCENARIO_S
    while monotonic() < until:
        something()
        pause(0.001)


@contextmanager
def _postgres() -> Iterator[tuple[Endpoint, Connection, Callable[[], float]]]:
    """Yields a server with the template, and the wait of one scenario for its database."""
    with (
        _running("postgres") as server,
        TemporaryDirectory(prefix="truestep-bench-") as folder,
        closing(psycopg2.connect(server.endpoint.url)) as admin,
    ):
        admin.autocommit = True
        (Path(folder) / "schema.sql").write_text(_SCHEMA)
        isolation = PrivateDatabases(
            server.endpoint,
            server.service.context.run_id,
            root=Path(folder),
            schema=[Path("schema.sql")],
            is_ours=True,
        )
        isolation.prepare()

        def scenario() -> float:
            began = perf_counter()
            client = isolation.enter("bench")
            count_rows = partial(_run, client.connection, "SELECT count(*) FROM table_0")
            count_rows()
            entered = perf_counter()
            _act(partial(_run, client.connection, "INSERT INTO table_0 DEFAULT VALUES"))
            leaving = perf_counter()
            isolation.leave(client)
            return perf_counter() - leaving + entered - began

        try:
            yield server.endpoint, admin, scenario
        finally:
            isolation.close()


def _run(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _clones(endpoint: Endpoint, admin: Connection) -> Iterator[float]:
    """Yields how long each clone with FILE_COPY takes; it is dropped after that."""
    _run(admin, "CREATE DATABASE peer_template")
    with closing(psycopg2.connect(with_database(endpoint.url, "peer_template"))) as schema, schema:
        _run(schema, _SCHEMA)
    clone = "CREATE DATABASE peer TEMPLATE peer_template STRATEGY FILE_COPY"
    while True:
        yield _timed(partial(_run, admin, clone))
        _run(admin, "DROP DATABASE peer WITH (FORCE)")


@contextmanager
def _fresh_database() -> Iterator[Contenders]:
    with _postgres() as (endpoint, admin, scenario):
        clones = _clones(endpoint, admin)

        def connected() -> float:
            began = perf_counter()
            with closing(psycopg2.connect(endpoint.url)):
                return perf_counter() - began

        yield Contenders(scenario, lambda: next(clones), {"one connect": connected})


@contextmanager
def _fresh_database_p95() -> Iterator[Contenders]:
    with _postgres() as (endpoint, admin, scenario):
        clones = _clones(endpoint, admin)
        last = int(_SCENARIOS * 0.95) - 1
        yield Contenders(
            lambda: sorted(scenario() for _ in range(_SCENARIOS))[last], lambda: next(clones)
        )


@contextmanager
def _reset_tables() -> Iterator[Contenders]:
    with _running("postgres") as server, ExitStack() as undo:

        def application(name: str) -> tuple[SharedPlace, Connection]:
            """Makes a database with the tables, and connects to it as its application does."""
            place = server.service.shared_place(server.endpoint, name, may_reset=True)
            undo.callback(place.close)
            place.prepare()
            connection = undo.enter_context(closing(psycopg2.connect(place.url)))
            connection.autocommit = True
            _run(connection, _SCHEMA)
            return place, connection

        place, connection = application("ours")
        place.leave(place.enter("first"))

        def ours() -> float:
            _write(connection)
            began = perf_counter()
            client = place.enter("bench")
            seconds = perf_counter() - began
            place.leave(client)
            return seconds

        def truncated(of: Connection, names: Sequence[str]) -> float:
            _write(of)
            return _timed(partial(_run, of, f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))

        # Each has a database of its own: what one truncates, the others need not look up again.
        (_, all_of), (_, those_of) = application("all"), application("those")
        those = {"TRUNCATE of those 3": lambda: truncated(those_of, _WRITTEN)}
        yield Contenders(ours, lambda: truncated(all_of, _TABLES), those)


def _write(connection: Connection) -> None:
    for name in _WRITTEN:
        _run(connection, f"INSERT INTO {name} (name) VALUES ('Ada')")  # noqa: S608  # ours


@contextmanager
def _reset_redis() -> Iterator[Contenders]:
    with _running("redis") as server, connect(server.endpoint, database=255) as other:

        def ours() -> float:
            began = perf_counter()
            client = server.isolation.enter("bench")
            entered = perf_counter()
            _act(lambda: client.set("user:1", "Ada"))
            leaving = perf_counter()
            server.isolation.leave(client)
            return perf_counter() - leaving + entered - began

        def flushed() -> float:
            _act(lambda: other.set("user:1", "Ada"))
            return _timed(other.flushdb)

        def round_trip() -> float:
            _act(lambda: other.set("user:1", "Ada"))
            return _timed(other.ping)

        yield Contenders(ours, flushed, {"one PING": round_trip})


@contextmanager
def _expiry() -> Iterator[Contenders]:
    with _running("redis") as server, connect(server.endpoint, database=255) as other:
        client = server.isolation.enter("bench")
        isolation = server.isolation

        def fill(life: timedelta) -> None:
            for number in range(200):
                client.set(f"key:{number}", "value", ex=life)

        def ours() -> float:
            fill(_HOUR)
            seconds = _timed(lambda: isolation.advance(client, _HOUR))
            if client.dbsize():
                raise RuntimeError("an hour has passed, and there are keys left")
            return seconds

        def waited() -> float:
            fill(timedelta(seconds=1))
            return _timed(lambda: eventually(client.keys, has_length(0), what="the end of them"))

        yield Contenders(ours, waited, {"one PING": lambda: _timed(other.ping)})
        server.isolation.leave(client)


@contextmanager
def _fresh_topic() -> Iterator[Contenders]:
    with _running("kafka") as server, ExitStack() as undo:
        admin = KafkaAdminClient(bootstrap_servers=server.endpoint.url)
        undo.callback(admin.close)
        # As many partitions as a topic of a scenario has.
        asked = {"naive": {"num_partitions": server.service.values["partitions"]}}
        admin.create_topics(asked, wait_for_metadata=True)

        def ours() -> float:
            began = perf_counter()
            client: KafkaClient = server.isolation.enter("bench")
            client.topic("orders")
            seconds = perf_counter() - began
            _act(lambda: client.publish("orders", "placed"))
            return seconds + _timed(lambda: server.isolation.leave(client))

        def naive() -> float:
            began = perf_counter()
            admin.delete_topics(["naive"])
            for seconds in pauses():
                try:
                    admin.create_topics(asked)
                except TopicAlreadyExistsError:
                    # Brokers delete in the background.
                    pause(seconds)
                else:
                    break
            seconds = perf_counter() - began
            admin.wait_for_topics(["naive"])
            return seconds

        yield Contenders(ours, naive)


@contextmanager
def _read_event() -> Iterator[Contenders]:
    with _running("kafka") as server:
        numbers = count()

        @contextmanager
        def published() -> Iterator[KafkaClient]:
            """A scenario that has one event on a topic of its own, acknowledged."""
            client: KafkaClient = server.isolation.enter(f"bench{next(numbers)}")
            client.topic("orders")
            _act(lambda: None)
            client.publish("orders", "placed")
            yield client
            server.isolation.leave(client)

        def ours() -> float:
            with published() as client:
                events = partial(client.events, "orders")
                return _timed(lambda: eventually(events, has_length(1), what="the event"))

        def by_group() -> float:
            with published() as client:
                began = perf_counter()
                with KafkaConsumer(
                    client.topic("orders"),
                    bootstrap_servers=client.bootstrap,
                    group_id=client.group("readers"),
                    auto_offset_reset="earliest",
                ) as consumer:
                    next(consumer)
                    return perf_counter() - began

        def round_trip() -> float:
            with published() as client:
                return _timed(lambda: client.publish("orders", "placed"))

        yield Contenders(ours, by_group, {"one acknowledged produce": round_trip})


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "fresh-database",
            "a scenario's own database with 30 tables, entered, first query, left; median",
            "ms",
            "a clone with FILE_COPY",
            limit_goal=AtMost(2),
        ),
        repeats=50,
        contenders=_fresh_database,
    ),
    Bench(
        Question(
            "fresh-database-p95",
            f"the same, the p95 of {_SCENARIOS} scenarios in a row",
            "ms",
            "a clone with FILE_COPY",
            AtMost(0.5),
        ),
        repeats=10,
        contenders=_fresh_database_p95,
    ),
    Bench(
        Question(
            "reset-tables",
            "an application's database emptied, 3 of 30 tables written",
            "ms",
            "TRUNCATE of all 30",
            AtMost(0.3),
        ),
        repeats=30,
        contenders=_reset_tables,
    ),
    Bench(
        Question(
            "reset-redis",
            "a scenario's own database, entered and left",
            "ms",
            "FLUSHDB",
            limit_goal=AtMost(1.5),
        ),
        repeats=30,
        contenders=_reset_redis,
    ),
    Bench(
        Question(
            "fresh-topic",
            "a scenario's own topic, entered, mentioned, left",
            "ms",
            "delete the topic, create it again",
            AtMost(0.05),
        ),
        repeats=20,
        contenders=_fresh_topic,
    ),
    Bench(
        Question(
            "read-event",
            "from an acknowledged produce until a step sees the event",
            "ms",
            "a new group consumer",
            AtMost(0.15),
        ),
        repeats=20,
        contenders=_read_event,
    ),
    Bench(
        Question(
            "expiry",
            "1 hour passes for 200 keys",
            "ms",
            "waiting for an expiry of 1 second",
            Within(0.01),
        ),
        repeats=10,
        contenders=_expiry,
    ),
)
