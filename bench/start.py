"""start-postgres, start-redis, start-kafka: from nothing to the first real work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

import first_use
from measure import Bench, Contenders
from rows import Faster, Question
from servers import started
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer
from testcontainers.core.container import Reaper

from truestep.pool import RUN
from truestep.services.engine import engine_problem

FirstUse = Callable[[str, ExitStack], None]

_REDIS_PORT = 6379


def remove_reaper() -> None:
    """Removes testcontainers' reaper at once, which else lives on for ten seconds."""
    Reaper.delete_instance()


def _bench(
    name: str,
    *,
    what: str,
    use: FirstUse,
    container: Callable[[], Any],
    address: Callable[[Any], str],
    image: str,
    times: float,
) -> Bench:
    @contextmanager
    def contenders() -> Iterator[Contenders]:
        yield Contenders(
            ours=lambda: _embedded(name, use),
            peer=lambda: _in_docker(container, address, use),
        )

    question = Question(
        f"start-{name}",
        f"from nothing to {what}, embedded, with a warm cache",
        "s",
        f"testcontainers on docker ({image})",
        Faster(times),
    )
    return Bench(question, repeats=5, contenders=contenders, peer_problem=engine_problem)


def _embedded(name: str, use: FirstUse) -> float:
    began = perf_counter()
    with started([name]) as pool, ExitStack() as undo:
        use(pool.acquire(name, RUN).endpoint.url, undo)
        return perf_counter() - began


def _in_docker(container: Callable[[], Any], address: Callable[[Any], str], use: FirstUse) -> float:
    began = perf_counter()
    with container() as server, ExitStack() as undo:
        use(address(server), undo)
        return perf_counter() - began


def _redis_url(server: RedisContainer) -> str:
    return f"redis://{server.get_container_host_ip()}:{server.get_exposed_port(_REDIS_PORT)}"


BENCHES: Sequence[Bench] = (
    _bench(
        "postgres",
        what="the first query",
        use=first_use.query,
        container=lambda: PostgresContainer("postgres:16-alpine"),
        address=lambda server: str(server.get_connection_url(driver=None)),
        image="postgres:16-alpine",
        times=4,
    ),
    _bench(
        "redis",
        what="the first PING",
        use=first_use.ping,
        container=lambda: RedisContainer("redis:7-alpine"),
        address=_redis_url,
        image="redis:7-alpine",
        times=4,
    ),
    _bench(
        "kafka",
        what="a first event produced and consumed by a group",
        use=first_use.produce_and_consume,
        container=lambda: KafkaContainer("confluentinc/cp-kafka:7.6.0").with_kraft(),
        address=lambda server: str(server.get_bootstrap_server()),
        image="confluentinc/cp-kafka:7.6.0, KRaft",
        times=1.5,
    ),
)
