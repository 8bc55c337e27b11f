"""start-postgres, start-redis, start-kafka: from nothing to the first real work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import perf_counter

import bare
import first_use
from measure import Bench, Contenders, Timed
from rows import AtMost, Faster, Question
from servers import started
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer
from testcontainers.core.container import Reaper

from truestep.pool import RUN
from truestep.services.engine import engine_problem

FirstUse = Callable[[str, ExitStack], None]

_REDIS_PORT = 6379
_DOCKER = "testcontainers on docker"


def remove_reaper() -> None:
    """Removes testcontainers' reaper at once, which else lives on for ten seconds."""
    Reaper.delete_instance()


def _bench(
    name: str,
    *,
    what: str,
    use: FirstUse,
    peer: tuple[str, Timed],
    faster: float,
    limit: tuple[str, Timed],
    at_most: float,
) -> Bench:
    @contextmanager
    def contenders() -> Iterator[Contenders]:
        yield Contenders(lambda: _embedded(name, use), peer[1], dict([limit]))

    question = Question(
        f"start-{name}",
        f"from nothing to {what}, embedded, with a warm cache",
        "s",
        peer[0],
        Faster(faster),
        AtMost(at_most),
    )
    problem = engine_problem if peer[0].startswith(_DOCKER) else lambda: None
    return Bench(question, repeats=10, contenders=contenders, peer_problem=problem)


def _embedded(name: str, use: FirstUse) -> float:
    began = perf_counter()
    with started([name]) as pool, ExitStack() as undo:
        use(pool.acquire(name, RUN).endpoint.url, undo)
        return perf_counter() - began


def _postgres() -> float:
    began = perf_counter()
    with PostgresContainer("postgres:16-alpine") as server, ExitStack() as undo:
        first_use.query(str(server.get_connection_url(driver=None)), undo)
        return perf_counter() - began


def _redis() -> float:
    began = perf_counter()
    with RedisContainer("redis:7-alpine") as server, ExitStack() as undo:
        address = f"{server.get_container_host_ip()}:{server.get_exposed_port(_REDIS_PORT)}"
        first_use.ping(f"redis://{address}", undo)
        return perf_counter() - began


BENCHES: Sequence[Bench] = (
    _bench(
        "postgres",
        what="the first query",
        use=first_use.query,
        peer=(f"{_DOCKER} (postgres:16-alpine)", _postgres),
        faster=10,
        limit=("a copy of the folder and the bare server", bare.postgres),
        at_most=1.5,
    ),
    _bench(
        "redis",
        what="the first PING",
        use=first_use.ping,
        peer=(f"{_DOCKER} (redis:7-alpine)", _redis),
        faster=8,
        limit=("the bare program", bare.redis_server),
        at_most=2,
    ),
    _bench(
        "kafka",
        what="a first event produced and consumed by a group",
        use=first_use.produce_and_consume,
        peer=("the same jars on a plain JVM, format included", bare.kafka_plain),
        faster=2,
        limit=("bare java with the start cache", bare.kafka),
        at_most=1.15,
    ),
)
