"""Which of several sessions keeps PostgreSQL from being emptied; each takes the 2 s of a wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.conftest import Start
from tests.contract.test_reset_postgres import left_open, place_on, scenario
from truestep.errors import ServiceError
from truestep.services.base import SharedPlace
from truestep.settings import Backend


@pytest.fixture
def place(shared: Start) -> Iterator[SharedPlace]:
    """On one server only: that a session is named is tested on all, beside this."""
    with place_on(shared("postgres", Backend.EMBEDDED)) as place:
        yield place


def test_a_transaction_of_before_the_first_scenario_is_told_apart(place: SharedPlace) -> None:
    open_since_before = left_open(place.url, "INSERT INTO notes DEFAULT VALUES", application="")
    with open_since_before, pytest.raises(ServiceError) as told:
        place.enter("s1")
    assert told.value.looked.endswith("that transaction began before the first scenario")
    assert "(without an application name, idle in transaction)" in told.value.seen


def test_a_transaction_that_has_only_read_is_in_the_way_of_a_filled_table_alone(
    place: SharedPlace,
) -> None:
    with scenario(place, "s1") as sql:
        sql("INSERT INTO notes DEFAULT VALUES")
    with left_open(place.url, "SELECT * FROM users"), scenario(place, "s2") as sql:
        assert sql("SELECT * FROM notes") == []
        sql("INSERT INTO notes DEFAULT VALUES")
    with left_open(place.url, "SELECT * FROM users"), left_open(place.url, "TABLE notes") as leaked:
        with pytest.raises(ServiceError) as told:
            place.enter("s3")
        assert told.value.seen.startswith(f"session {leaked.info.backend_pid} ")
        assert told.value.seen.endswith("its last query: TABLE notes")
        assert told.value.looked == (
            "who keeps locks on notes, after waiting for 2 s;"
            " that transaction began in the scenario s2"
        )


def test_a_transaction_that_keeps_others_from_reading_is_named(place: SharedPlace) -> None:
    with scenario(place, "s1"):
        pass
    with (
        left_open(place.url, "SELECT * FROM users"),
        left_open(place.url, "ALTER TABLE notes ADD COLUMN text text") as leaked,
        left_open(place.url, "SELECT * FROM users"),
    ):
        pid = leaked.info.backend_pid
        with pytest.raises(ServiceError) as told:
            place.enter("s2")
    assert told.value.seen.startswith(f"session {pid} ")
    assert "who keeps locks on notes, after" in told.value.looked


def test_of_several_the_transaction_that_is_open_the_longest_is_named(place: SharedPlace) -> None:
    with scenario(place, "s1"):
        pass
    with left_open(place.url, "SELECT 1 FROM users") as leaked:
        pid = leaked.info.backend_pid
        with scenario(place, "s2") as sql:
            sql("INSERT INTO users DEFAULT VALUES")
        with left_open(place.url, "TABLE users"), pytest.raises(ServiceError) as told:
            place.enter("s3")
    assert told.value.seen.startswith(f"session {pid} ")
    assert told.value.seen.endswith("its last query: SELECT 1 FROM users (and 1 more)")
    assert told.value.looked.endswith("that transaction began in the scenario s1")
