"""What each service shows of a scenario that failed, over every provider and both isolations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest

from tests.contract.conftest import Start, shared_place
from truestep.server_logs import ServerLogs
from truestep.services.base import HasSnapshot, Isolation
from truestep.settings import Backend
from truestep.start import RunningService

SCHEMA = """
    CREATE TABLE countries (code text PRIMARY KEY, name text, note text);
    INSERT INTO countries VALUES ('DE', 'Germany', E'a\\tb\\\\c\\nd'), ('FR', 'France', NULL);
    CREATE TABLE users (id serial, name text);
"""


@contextmanager
def client_in(isolation: Isolation, name: str) -> Iterator[Any]:
    client = isolation.enter(name)
    try:
        yield client
    finally:
        isolation.leave(client)


def execute(client: Any, *statements: str) -> None:
    with client.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def shown(isolation: Isolation, client: Any) -> Any:
    assert isinstance(isolation, HasSnapshot)
    return isolation.snapshot(client).content


def test_private_database_shows_rows_added_changed_and_removed(
    shared: Start, backend: Backend
) -> None:
    isolation = shared("postgres", backend).isolation
    with client_in(isolation, "snap1") as client:
        execute(client, "CREATE TABLE users (id int)", "INSERT INTO users VALUES (1), (1), (2)")
        assert shown(isolation, client) == {
            "users": [
                {"change": "added", "id": "1"},
                {"change": "added", "id": "1"},
                {"change": "added", "id": "2"},
            ]
        }
    with client_in(isolation, "snap2") as client:
        assert shown(isolation, client) == {}


@contextmanager
def place_on(server: RunningService) -> Iterator[Isolation]:
    with shared_place(server, "snapshots") as place:
        with closing(psycopg2.connect(place.url)) as connection, connection:
            connection.cursor().execute(SCHEMA)
        yield place


def test_shared_database_shows_what_became_of_reference_rows(
    shared: Start, own_backend: Backend
) -> None:
    with place_on(shared("postgres", own_backend)) as place, client_in(place, "snap3") as client:
        execute(
            client,
            "UPDATE countries SET name = 'Deutschland' WHERE code = 'DE'",
            "DELETE FROM countries WHERE code = 'FR'",
            "INSERT INTO users (name) VALUES ('Ada')",
        )
        note = "a\tb\\c\nd"
        assert shown(place, client) == {
            "countries": [
                {"change": "before", "code": "DE", "name": "Germany", "note": note},
                {"change": "after", "code": "DE", "name": "Deutschland", "note": note},
                {"change": "removed", "code": "FR", "name": "France", "note": None},
            ],
            "users": [{"change": "added", "id": "1", "name": "Ada"}],
        }


def test_large_changes_are_cut(shared: Start) -> None:
    isolation = shared("postgres", Backend.EMBEDDED).isolation
    with client_in(isolation, "snap4") as client:
        execute(
            client,
            "CREATE TABLE many AS SELECT generate_series(1, 120) AS id",
            "CREATE TABLE too_many AS SELECT generate_series(1, 6000) AS id",
            "CREATE TABLE long AS SELECT repeat('x', 900) AS text",
        )
        content = shown(isolation, client)
    assert len(content["many"]) == 51
    assert content["many"][-1] == {"change": "… and 70 more"}
    assert content["too_many"] == [{"change": "not compared: more than 5000 rows"}]
    assert content["long"] == [{"change": "added", "text": "x" * 500 + "…"}]


def test_keys_are_shown_whatever_their_type(shared: Start, backend: Backend) -> None:
    isolation = shared("redis", backend).isolation
    with client_in(isolation, "snap5") as client:
        client.set("text", "hello", ex=100)
        client.rpush("list", "a", "b")
        client.hset("hash", mapping={"name": "Ada"})
        client.sadd("set", "one")
        client.zadd("scores", {"Ada": 1})
        rows = {row["key"]: row for row in shown(isolation, client)}
    assert {key: (row["type"], row["value"]) for key, row in rows.items()} == {
        "text": ("string", "hello"),
        "list": ("list", ["a", "b"]),
        "hash": ("hash", {"name": "Ada"}),
        "set": ("set", ["one"]),
        "scores": ("zset", ["Ada"]),
    }
    assert rows["list"]["time left"] == "for ever"
    assert 90 < float(rows["text"]["time left"].removesuffix(" s")) < 100


def test_many_keys_are_cut(shared: Start) -> None:
    isolation = shared("redis", Backend.EMBEDDED).isolation
    with client_in(isolation, "snap6") as client:
        client.mset({f"key:{number:04}": "x" for number in range(3000)})
        rows = shown(isolation, client)
    assert len(rows) == 201
    assert rows[-1]["key"].startswith("… and more than ")


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_log_of_a_server_is_shown_from_the_scenario_on(
    shared: Start, own_backend: Backend, name: str
) -> None:
    running = shared(name, own_backend)
    logs = ServerLogs()
    logs.add(name, running.provider)
    with client_in(running.isolation, "snap7") as client:
        if name == "postgres":
            execute(client, "DO $$ BEGIN RAISE LOG 'hello from a scenario'; END $$")
        else:
            client.bgsave()
    [(_, ask)] = logs.snapshots()
    snapshot = ask()
    expected = "hello from a scenario" if name == "postgres" else "Background saving started"
    lines = [entry for entry in snapshot.entries if expected in str(entry.title)]
    assert lines
    assert all(entry.at is not None for entry in lines)
    assert expected in snapshot.content
