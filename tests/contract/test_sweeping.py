"""What a killed run has left on a server that lives on, another one can remove."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis
from kafka import KafkaAdminClient

from tests.contract.conftest import Start
from truestep.services.base import CanSweep
from truestep.settings import Backend

# It has a scenario open that has written something, and is in the middle of it when it is killed.
RUN = """
import pathlib, signal, sys
from tests.contract.conftest import Backend, new_run, start

name, folder = sys.argv[1:]
with (
    new_run(pathlib.Path(folder)) as run,
    start(name, Backend.EXTERNAL, run, url=sys.stdin.readline().strip()) as server,
):
    client = server.isolation.enter("s1")
    if name == "postgres":
        client.connect().cursor().execute("CREATE TABLE locked ()")
    elif name == "redis":
        client.set("left", "behind")
    else:
        client.publish("orders", "left behind")
        next(client.consumer("orders", group="readers"))
    print(run.run_id, flush=True)
    signal.pause()
"""


@contextmanager
def run_on(name: str, url: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A run of its own with an open scenario: its id, and its process."""
    command = [sys.executable, "-c", RUN, name, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as run:
        try:
            assert run.stdin is not None
            assert run.stdout is not None
            run.stdin.write(f"{url}\n")
            run.stdin.flush()
            yield run.stdout.readline().strip(), run
        finally:
            run.kill()


def things_on(name: str, url: str) -> set[str]:
    """Whatever runs make on a server, by name; a redis database with what is in it."""
    if name == "postgres":
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            return {database for (database,) in cursor.fetchall()}
    if name == "redis":
        with closing(redis.Redis.from_url(url, decode_responses=True)) as client:
            leases = {f"{key} {client.get(key)}" for key in client.keys("truestep:lease:*")}
            return leases | client.info("keyspace").keys() - {"db0"}
    with closing(KafkaAdminClient(bootstrap_servers=[url])) as admin:
        topics = {topic for topic in admin.list_topics() if not topic.startswith("__")}
        return topics | {group["group_id"] for group in admin.list_groups()}


@pytest.mark.parametrize("name", ["postgres", "redis", "kafka"])
def test_what_a_killed_run_has_left_is_removed_and_nothing_else(
    shared: Start, own_backend: Backend, tmp_path: Path, name: str
) -> None:
    server = shared(name, own_backend)
    url = server.endpoint.url
    sweeper = server.service.isolation(server.endpoint, own_backend)
    assert isinstance(sweeper, CanSweep)
    with run_on(name, url, tmp_path) as (living, _):
        before = things_on(name, url)
        with run_on(name, url, tmp_path) as (killed, process):
            assert len(things_on(name, url) - before) >= 2
            process.kill()
            process.wait()
        for _ in range(2):
            sweeper.sweep(killed)
            now = things_on(name, url)
            # It may still be making some, ahead.
            assert {thing for thing in now - before if living not in thing} == set()
            assert before <= now
    sweeper.sweep(living)
    sweeper.close()
