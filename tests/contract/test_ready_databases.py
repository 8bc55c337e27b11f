"""Databases made ahead: a scenario waits for none, and nothing of them stays."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest
from hamcrest import empty, equal_to, greater_than, has_length, less_than_or_equal_to, not_

from tests.contract.conftest import Start, new_run, settings_for
from tests.contract.test_postgres import databases, query, scenario, server_process
from truestep.errors import ServiceError
from truestep.polling import eventually
from truestep.services.postgres.service import PostgresService
from truestep.services.postgres.url import with_database
from truestep.settings import Backend
from truestep.start import RunningService

PASSWORD = secrets.token_hex(8)


@pytest.fixture
def embedded(running: Start) -> RunningService:
    return running("postgres", Backend.EMBEDDED)


def made(server: RunningService) -> set[str]:
    return {name for name in databases(server) if name.startswith("truestep_")}


@contextmanager
def limited_user(server: RunningService) -> Iterator[str]:
    """Yields the URL of a user who may make databases, and nothing else."""
    query(server.endpoint.url, f"CREATE ROLE maker LOGIN CREATEDB PASSWORD '{PASSWORD}'")
    yield f"postgresql://maker:{PASSWORD}@127.0.0.1:{server.endpoint.port}/postgres"


def test_the_next_database_is_there_before_it_is_asked_for(embedded: RunningService) -> None:
    with scenario(embedded, "s1") as first:
        waiting = not_(empty())
        [ahead, *_] = sorted(
            eventually(lambda: made(embedded) - {first.database}, waiting, what="it")
        )
        query(first.url, "CREATE TABLE notes (id int)")
    with scenario(embedded, "s2") as second:
        assert second.database == ahead
        assert query(second.url, "SELECT to_regclass('notes')") == [(None,)]


def test_there_are_never_many_however_many_scenarios_there_are(embedded: RunningService) -> None:
    def act(number: int) -> str:
        with scenario(embedded, f"s{number}") as client:
            return client.database

    with ThreadPoolExecutor(4) as threads:
        used = set(threads.map(act, range(30)))
    assert len(used) == 30
    # Three of them ready; what was used goes away.
    few = has_length(less_than_or_equal_to(3))
    eventually(lambda: made(embedded), few, what="databases", within_s=30)
    eventually(lambda: made(embedded) & used, empty(), what="those that were used", within_s=30)


def test_none_is_made_for_scenarios_that_will_not_come(embedded: RunningService) -> None:
    to_come = embedded.service.context.to_come
    for left in (1, 0):
        to_come["postgres"] = left
        with scenario(embedded, f"s{left}") as client:
            last = client.database
        # What is still to be made goes before what is to be removed.
        eventually(lambda gone=last: made(embedded) - {gone}, has_length(left), what="those ready")
        eventually(lambda: made(embedded), has_length(left), what="those that are there")
    with scenario(embedded, "one that nobody knew of") as client:
        assert client.answers()


def test_those_of_a_server_that_is_stopped_next_are_left_there(embedded: RunningService) -> None:
    client = embedded.isolation.enter("s1")
    eventually(lambda: made(embedded) - {client.database}, not_(empty()), what="one that is ready")
    embedded.isolation.leave(client)
    embedded.isolation.abandon()
    assert made(embedded) != set()
    connected = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'truestep%'"
    eventually(lambda: query(embedded.endpoint.url, connected), empty(), what="our connections")


def test_one_whose_connection_was_lost_while_it_waited_is_good(embedded: RunningService) -> None:
    with scenario(embedded, "s1") as first:
        waiting = "FROM pg_stat_activity WHERE application_name = 'truestep, ready'"
        eventually(
            lambda: query(embedded.endpoint.url, f"SELECT pid {waiting}"),
            has_length(greater_than(0)),
            what="a database that is ready",
        )
        query(embedded.endpoint.url, f"SELECT pg_terminate_backend(pid) {waiting}")
    with scenario(embedded, "s2") as second:
        assert second.database != first.database
        assert second.answers()


def test_a_server_that_dies_is_noticed_by_who_leaves_and_by_who_enters(
    embedded: RunningService,
) -> None:
    client = embedded.isolation.enter("s1")
    eventually(lambda: len(made(embedded)), greater_than(1), what="databases that are ready")
    server = server_process(embedded)
    # Each connection has a process of its own, which goes a moment after the server.
    sessions = server.children()
    server.kill()
    psutil.wait_procs(sessions)
    eventually(embedded.provider.death, equal_to("killed by SIGKILL"), what="its death")
    with pytest.raises(psycopg2.OperationalError):
        embedded.isolation.leave(client)
    for number in range(3):
        with pytest.raises(psycopg2.OperationalError):
            embedded.isolation.enter(f"s{number}")


def enter_ten(server: RunningService) -> None:
    """More than there can be ready."""
    for number in range(10):
        server.isolation.enter(f"more{number}")


def test_what_goes_wrong_ahead_is_told_to_who_needs_it_and_passes(
    embedded: RunningService, running: Start
) -> None:
    admin = embedded.endpoint.url
    with limited_user(embedded) as url:
        server = running("postgres", Backend.EXTERNAL, url=url)
        with scenario(server, "s1"):
            query(admin, "ALTER ROLE maker NOCREATEDB")
            with pytest.raises(ServiceError, match='the user "maker" has no CREATEDB') as told:
                enter_ten(server)
            assert told.value.what == "postgres does not let us make a database for each scenario"
            query(admin, "ALTER ROLE maker CREATEDB")
            with scenario(server, "s2") as client:
                assert client.answers()


def test_runs_on_a_server_of_ours_share_a_template_for_the_same_schema(
    tmp_path: Path, embedded: RunningService
) -> None:
    def act(schema: str) -> list[tuple[object, ...]]:
        folder = tmp_path / secrets.token_hex(2)
        folder.mkdir()
        (folder / "schema.sql").write_text(schema)
        with new_run(folder) as run:
            values = settings_for("postgres", run, schema="schema.sql").services["postgres"]
            isolation = PostgresService(values, run).isolation(embedded.endpoint, Backend.EMBEDDED)
            isolation.prepare()
            client = isolation.enter("s1")
            rows = query(client.url, "SELECT * FROM notes")
            isolation.leave(client)
            isolation.close()
            return rows

    def templates() -> set[str]:
        return {name for name in databases(embedded) if name.startswith("truestep_template_")}

    one = "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('one')"
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(act, [one] * 3)) == [[("one",)]] * 3
    [template] = templates()
    # As a run leaves it that is killed while it loads the schema.
    query(embedded.endpoint.url, f"ALTER DATABASE {template} ALLOW_CONNECTIONS true")
    query(with_database(embedded.endpoint.url, template), "TRUNCATE notes")
    assert act(one) == [("one",)]
    assert templates() == {template}
    assert act(one.replace("'one'", "'two'")) == [("two",)]
    assert len(templates()) == 2
