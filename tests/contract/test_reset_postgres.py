"""What reset isolation promises on PostgreSQL: an application's database, fresh each time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from hamcrest import equal_to
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from tests.contract.conftest import Start, shared_place
from truestep.errors import ResetRefusedError, ServiceError
from truestep.polling import eventually
from truestep.services.base import Endpoint, SharedPlace
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.url import with_database
from truestep.settings import Backend
from truestep.start import RunningService

Run = Callable[[str], list[tuple[Any, ...]]]

MIGRATIONS = """
    CREATE TABLE schema_version (version text PRIMARY KEY);
    INSERT INTO schema_version VALUES ('0001');
    CREATE TABLE countries (code text PRIMARY KEY, name text);
    INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France');
    CREATE TABLE users (id serial PRIMARY KEY, country text REFERENCES countries);
    CREATE TABLE orders (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, buyer int NOT NULL REFERENCES users
    );
    CREATE TABLE notes (id bigserial PRIMARY KEY);
"""


@pytest.fixture
def server(shared: Start, own_backend: Backend) -> RunningService:
    return shared("postgres", own_backend)


@pytest.fixture
def embedded(shared: Start) -> RunningService:
    return shared("postgres", Backend.EMBEDDED)


@contextmanager
def place_on(
    server: RunningService, migrations: str = MIGRATIONS, name: str = "accounts"
) -> Iterator[SharedPlace]:
    """An application's place, on which its migrations have run."""
    with shared_place(server, name) as place:
        query(place.url, migrations)
        yield place


@pytest.fixture
def place(server: RunningService) -> Iterator[SharedPlace]:
    with place_on(server) as place:
        yield place


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection:
        return run(connection, statement)


def run(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def scenario(place: SharedPlace, name: str = "s1") -> Iterator[Run]:
    """Enters the place, yields a way to run SQL as the application would, and leaves."""
    client: PostgresClient = place.enter(name)
    try:
        yield lambda statement: run(client.connection, statement)
    finally:
        place.leave(client)


@contextmanager
def left_open(url: str, statement: str, application: str = "accounts") -> Iterator[Connection]:
    """A transaction that has run `statement` and goes on."""
    with closing(psycopg2.connect(url, application_name=application)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        yield connection


def files(url: str) -> dict[str, int]:
    """Where each table is stored: TRUNCATE gives it another place."""
    return dict(
        query(
            url,
            "SELECT relname, pg_relation_filenode(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        )
    )


def names(server: RunningService) -> set[str]:
    """All databases but those that are made ahead for scenarios."""
    named = (
        "SELECT datname FROM pg_database WHERE datname !~ '^truestep_[0-9a-f]+_[0-9a-f]+_[0-9]+$'"
    )
    return {name for (name,) in query(server.endpoint.url, named)}


def test_an_application_gets_an_empty_database_that_goes_away_with_whoever_is_connected(
    server: RunningService,
) -> None:
    before = names(server)
    with place_on(server, "SELECT") as place:
        name = f"truestep_{server.service.context.run_id}_accounts"
        assert place.url == with_database(server.endpoint.url, name)
        assert names(server) - before == {name}
        assert query(place.url, "SELECT FROM pg_class WHERE relname = 'notes'") == []
        connected = psycopg2.connect(place.url)
    gone = pytest.raises(psycopg2.OperationalError)
    with closing(connected), connected.cursor() as cursor, gone:
        cursor.execute("SELECT 1")
    assert names(server) == before


def test_the_schema_setting_is_not_for_the_applications_database(
    running: Start, run_context: Any
) -> None:
    (run_context.root / "schema.sql").write_text("CREATE TABLE from_the_setting (id int)")
    server = running("postgres", Backend.EMBEDDED, schema="schema.sql")
    with place_on(server, "SELECT") as place, scenario(place) as sql:
        assert sql("SELECT FROM pg_class WHERE relname = 'from_the_setting'") == []


def test_a_name_too_long_for_the_server_still_gets_a_database(embedded: RunningService) -> None:
    long = "an-application-whose-name-goes-on-and-on-until-it-does-not-fit"
    with place_on(embedded, name=f"{long}-1") as one, place_on(embedded, name=f"{long}-2") as two:
        assert one.url != two.url
        with scenario(one) as sql:
            assert sql("SELECT count(*) FROM users") == [(0,)]


def test_what_a_scenario_leaves_is_gone_in_the_next_one_and_ids_start_anew(
    place: SharedPlace,
) -> None:
    for name in ("s1", "s2", "s3"):
        with scenario(place, name) as sql:
            assert sql("SELECT count(*) FROM users") == [(0,)]
            assert sql("INSERT INTO users (country) VALUES ('DE') RETURNING id") == [(1,)]
            assert sql("INSERT INTO orders (buyer) VALUES (1) RETURNING id") == [(1,)]


def test_a_scenario_sees_what_it_left_until_the_next_one_begins(place: SharedPlace) -> None:
    with scenario(place) as sql:
        sql("INSERT INTO notes DEFAULT VALUES")
    assert query(place.url, "SELECT count(*) FROM notes") == [(1,)]


def test_only_tables_that_were_filled_are_emptied(place: SharedPlace) -> None:
    with scenario(place) as sql:
        sql("INSERT INTO notes DEFAULT VALUES")
    before = files(place.url)
    with scenario(place, "s2"):
        after = files(place.url)
    assert {name for name in before if before[name] != after[name]} == {"notes"}


def test_ids_start_anew_where_rows_came_and_went(place: SharedPlace) -> None:
    with scenario(place) as sql:
        with pytest.raises(psycopg2.IntegrityError):
            sql("INSERT INTO users (country) VALUES ('nowhere')")
        sql("INSERT INTO notes DEFAULT VALUES; DELETE FROM notes")
    with scenario(place, "s2") as sql:
        assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]
        assert sql("INSERT INTO notes DEFAULT VALUES RETURNING id") == [(1,)]


def test_a_table_that_migrations_have_filled_and_emptied_is_no_reference_data(
    server: RunningService,
) -> None:
    emptied = "CREATE TABLE users (id serial); INSERT INTO users DEFAULT VALUES; DELETE FROM users"
    with place_on(server, emptied) as place:
        for name in ("s1", "s2"):
            with scenario(place, name) as sql:
                assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]
                assert sql("SELECT count(*) FROM users") == [(1,)]


WRITING = {
    "by COPY": "COPY users (country) FROM PROGRAM 'echo DE'",
    "after a TRUNCATE of its own": "INSERT INTO users DEFAULT VALUES; TRUNCATE users CASCADE;"
    " INSERT INTO users DEFAULT VALUES",
    "in a block that is rolled back": "DO $$ BEGIN INSERT INTO users DEFAULT VALUES;"
    " RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    "rows that are gone": "INSERT INTO users SELECT FROM generate_series(1, 99); DELETE FROM users",
    "no rows, ids alone": "SELECT nextval('users_id_seq'), nextval('users_id_seq')",
    "ids that are set, not given out": "SELECT setval('users_id_seq', 70, false)",
    "ids that start elsewhere": "ALTER SEQUENCE users_id_seq RESTART WITH 70",
    "a table of its own": "CREATE TABLE users2 AS SELECT * FROM users",
    "in a table without a log": "CREATE UNLOGGED TABLE IF NOT EXISTS fast (id serial);"
    " INSERT INTO fast DEFAULT VALUES; INSERT INTO users DEFAULT VALUES",
    "in a table that is stored otherwise": "CREATE ACCESS METHOD mine TYPE TABLE HANDLER"
    " heap_tableam_handler; CREATE TABLE fast (id serial) USING mine;"
    " INSERT INTO fast DEFAULT VALUES; INSERT INTO users DEFAULT VALUES",
}


@pytest.mark.parametrize("statements", WRITING.values(), ids=WRITING)
def test_however_a_table_was_written_it_is_as_new(place: SharedPlace, statements: str) -> None:
    with scenario(place):
        pass
    query(place.url, statements)
    with scenario(place, "s2") as sql:
        assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]
        assert sql("SELECT count(*) FROM users") == [(1,)]
        if "fast" in statements:
            assert sql("INSERT INTO fast DEFAULT VALUES RETURNING id") == [(1,)]
            assert sql("SELECT count(*) FROM fast") == [(1,)]


def test_rows_of_a_session_that_was_killed_are_gone_and_so_are_its_ids(place: SharedPlace) -> None:
    with scenario(place):
        pass
    with left_open(place.url, "INSERT INTO users DEFAULT VALUES") as killed:
        query(place.url, f"SELECT pg_terminate_backend({killed.info.backend_pid}, 5000)")
    with scenario(place, "s2") as sql:
        assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]


def test_rows_that_are_committed_while_it_waits_for_them_are_gone(place: SharedPlace) -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'truestep, reset' AND wait_event_type = 'Lock'"
    )
    with (
        scenario(place),
        left_open(place.url, "INSERT INTO users DEFAULT VALUES") as late,
        ThreadPoolExecutor(1) as threads,
    ):
        entering = threads.submit(place.enter, "s2")
        eventually(lambda: query(place.url, waiting), equal_to([(1,)]), what="waiting for it")
        late.commit()
        place.leave(entering.result())
        assert query(place.url, "SELECT * FROM users") == []


def test_ids_that_migrations_have_used_up_start_anew_too(server: RunningService) -> None:
    used = "CREATE TABLE notes (id serial); INSERT INTO notes DEFAULT VALUES; DELETE FROM notes"
    with place_on(server, used) as place, scenario(place) as sql:
        assert sql("INSERT INTO notes DEFAULT VALUES RETURNING id") == [(1,)]


def test_reference_data_and_the_migrations_table_are_kept(place: SharedPlace) -> None:
    before = files(place.url)
    for name in ("s1", "s2"):
        with scenario(place, name) as sql:
            assert sql("SELECT * FROM schema_version") == [("0001",)]
            assert sql("SELECT code FROM countries ORDER BY 1") == [("DE",), ("FR",)]
    assert files(place.url) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE countries SET name = 'Allemagne' WHERE code = 'DE'",
        "DELETE FROM countries",
        "INSERT INTO countries VALUES ('IT', 'Italy')",
        "TRUNCATE countries CASCADE",
    ],
)
def test_reference_data_that_a_scenario_changes_is_put_back(
    place: SharedPlace, change: str
) -> None:
    with scenario(place) as sql:
        sql(change)
    with scenario(place, "s2") as sql:
        kept = sql("SELECT code, name FROM countries ORDER BY 1")
        assert kept == [("DE", "Germany"), ("FR", "France")]
        assert sql("INSERT INTO users (country) VALUES ('FR') RETURNING id") == [(1,)]


def test_reference_data_of_every_kind_comes_back_as_it_was(server: RunningService) -> None:
    migrations = r"""
        CREATE TYPE mood AS ENUM ('fine', 'tired');
        CREATE TABLE "odd % ""names"" here" (
            "Id" int GENERATED ALWAYS AS IDENTITY,
            "a row" text,
            twice text GENERATED ALWAYS AS ("a row" || "a row") STORED,
            bytes bytea, number double precision, at timestamptz, lasts interval, mood mood[],
            body jsonb
        );
        INSERT INTO "odd % ""names"" here" ("a row", bytes, number, at, lasts, mood, body) VALUES
            (E'tab\t line\n \\ "quoted"', '\x00ff', 0.1 + 0.2, '2024-02-29 12:00:00.123456+02',
             '1 mon -2 days 03:00', '{fine,NULL}', '{"a": [1, null]}'),
            (NULL, NULL, 'NaN', 'infinity', NULL, NULL, 'null');
    """
    with place_on(server, migrations) as place:
        every = 'SELECT "row"::text FROM "odd % ""names"" here" AS "row" ORDER BY 1'
        before = query(place.url, every)
        with scenario(place) as sql:
            sql('UPDATE "odd % ""names"" here" SET "a row" = 1')
            assert sql('INSERT INTO "odd % ""names"" here" DEFAULT VALUES RETURNING "Id"') == [(3,)]
        with scenario(place, "s2") as sql:
            assert sql(every) == before
            assert sql('INSERT INTO "odd % ""names"" here" DEFAULT VALUES RETURNING "Id"') == [(3,)]


def test_a_kept_table_that_refers_to_an_emptied_one_is_kept(server: RunningService) -> None:
    migrations = """
        CREATE TABLE users (id serial PRIMARY KEY);
        CREATE TABLE plans (id serial PRIMARY KEY, name text, made_by int REFERENCES users);
        CREATE TABLE prices (plan int NOT NULL REFERENCES plans, cents int);
        INSERT INTO plans (name) VALUES ('basic');
        INSERT INTO prices VALUES (1, 900);
    """
    with place_on(server, migrations) as place:
        for name in ("s1", "s2", "s3"):
            with scenario(place, name) as sql:
                assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]
                assert sql("SELECT * FROM plans") == [(1, "basic", None)]
                assert sql("SELECT * FROM prices") == [(1, 900)]
                sql("UPDATE plans SET made_by = 1")
                assert sql("INSERT INTO plans (name) VALUES ('pro') RETURNING id") == [(2,)]


def test_kept_tables_that_refer_to_each_other_are_put_back(server: RunningService) -> None:
    migrations = """
        CREATE TABLE teams (id int PRIMARY KEY, leader int);
        CREATE TABLE people (id int PRIMARY KEY, team int REFERENCES teams, boss int
                             REFERENCES people);
        INSERT INTO teams VALUES (1, 7);
        INSERT INTO people VALUES (7, 1, 7);
        ALTER TABLE teams ADD FOREIGN KEY (leader) REFERENCES people;
    """
    with place_on(server, migrations) as place:
        with scenario(place) as sql:
            sql("TRUNCATE teams, people")
        with scenario(place, "s2") as sql:
            assert sql("SELECT * FROM teams JOIN people ON leader = people.id") == [(1, 7, 7, 1, 7)]


def test_sequences_of_no_table_are_put_back(server: RunningService) -> None:
    migrations = """
        CREATE SEQUENCE invoices START 1000;
        CREATE SEQUENCE tickets;
        SELECT setval('tickets', 41);
        CREATE TABLE parcels (number int DEFAULT nextval('tickets'));
    """
    with place_on(server, migrations) as place:
        for name in ("s1", "s2"):
            with scenario(place, name) as sql:
                assert sql("SELECT nextval('invoices')") == [(1000,)]
                assert sql("INSERT INTO parcels DEFAULT VALUES RETURNING number") == [(42,)]


def test_partitions_and_inherited_tables_are_emptied(server: RunningService) -> None:
    migrations = """
        CREATE TABLE events (id int GENERATED BY DEFAULT AS IDENTITY, at date)
            PARTITION BY RANGE (at);
        CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01')
            TO ('2025-01-01') PARTITION BY RANGE (at);
        CREATE TABLE events_h1 PARTITION OF events_2024 DEFAULT;
        CREATE TABLE regions (code text) PARTITION BY LIST (code);
        CREATE TABLE region_eu PARTITION OF regions FOR VALUES IN ('eu');
        INSERT INTO regions VALUES ('eu');
        CREATE TABLE cities (name text);
        CREATE TABLE capitals (of text) INHERITS (cities);
        INSERT INTO cities VALUES ('Lyon');
        CREATE TABLE drinks (name text);
        CREATE TABLE teas (place text) INHERITS (drinks);
        INSERT INTO teas VALUES ('Assam', 'India');
    """
    with place_on(server, migrations) as place:
        for name in ("s1", "s2"):
            with scenario(place, name) as sql:
                assert sql("SELECT * FROM regions") == [("eu",)]
                assert sql("SELECT * FROM cities") == [("Lyon",)]
                assert sql("SELECT * FROM drinks") == [("Assam",)]
                sql("INSERT INTO drinks VALUES ('Water'); UPDATE teas SET place = 'Assam'")
                assert sql("INSERT INTO events (at) VALUES ('2024-05-01') RETURNING id") == [(1,)]
                sql("INSERT INTO events_h1 VALUES (7, '2024-06-01')")
                sql("DELETE FROM regions; INSERT INTO capitals VALUES ('Paris', 'France')")
                assert sql("SELECT count(*) FROM events") == [(2,)]


def test_tables_in_every_schema_and_tables_made_later_are_emptied(place: SharedPlace) -> None:
    with scenario(place) as sql:
        sql("CREATE SCHEMA audit; CREATE TABLE audit.log (id serial, line text)")
        sql("INSERT INTO audit.log (line) VALUES ('made and filled at once')")
    with scenario(place, "s2") as sql:
        assert sql("INSERT INTO audit.log DEFAULT VALUES RETURNING id") == [(1,)]


def test_a_materialized_view_shows_no_earlier_scenario(server: RunningService) -> None:
    migrations = """
        CREATE TABLE users (id serial PRIMARY KEY);
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM users;
        CREATE MATERIALIZED VIEW shown AS SELECT * FROM counted;
        CREATE MATERIALIZED VIEW not_yet AS SELECT * FROM counted WITH NO DATA;
    """
    with place_on(server, migrations) as place:
        for name in ("s1", "s2"):
            with scenario(place, name) as sql:
                assert sql("SELECT * FROM shown") == [(0,)]
                sql("INSERT INTO users DEFAULT VALUES")
                sql("REFRESH MATERIALIZED VIEW counted")
                sql("REFRESH MATERIALIZED VIEW shown")


def test_no_trigger_of_the_application_notices(server: RunningService) -> None:
    migrations = """
        CREATE TABLE log (line text);
        CREATE TABLE users (id serial);
        CREATE TABLE roles (name text);
        INSERT INTO roles VALUES ('admin');
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO log VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
        CREATE TRIGGER emptied AFTER TRUNCATE ON users EXECUTE FUNCTION note();
        CREATE TRIGGER filled AFTER INSERT ON roles EXECUTE FUNCTION note();
    """
    with place_on(server, migrations) as place:
        with scenario(place) as sql:
            sql("INSERT INTO users DEFAULT VALUES; UPDATE roles SET name = 'root'")
        with scenario(place, "s2") as sql:
            assert sql("SELECT * FROM log") == []
            assert sql("SELECT * FROM roles") == [("admin",)]
            sql("INSERT INTO roles VALUES ('guest')")
            assert sql("SELECT * FROM log") == [("INSERT roles",)]


def test_the_tables_of_an_extension_are_its_own(server: RunningService) -> None:
    migrations = """
        CREATE TABLE kept_by_an_extension (name text);
        INSERT INTO kept_by_an_extension VALUES ('one');
        ALTER EXTENSION plpgsql ADD TABLE kept_by_an_extension;
    """
    with place_on(server, migrations) as place:
        with scenario(place) as sql:
            sql("INSERT INTO kept_by_an_extension VALUES ('two')")
        with scenario(place, "s2") as sql:
            assert sql("SELECT count(*) FROM kept_by_an_extension") == [(2,)]


def test_a_transaction_left_open_is_named_with_its_query_and_its_scenario(
    server: RunningService, place: SharedPlace
) -> None:
    server.service.context.scenarios["ada"] = '"Ada signs up" (features/users.feature:7)'
    with scenario(place, "s1"), scenario(place, "ada"):
        pass
    insert = "INSERT INTO users  (country)\n VALUES ('DE')"
    with left_open(place.url, insert) as leaked:
        pid = leaked.info.backend_pid
        began = time.monotonic()
        with pytest.raises(ServiceError) as told:
            place.enter("s3")
        assert 1.9 < time.monotonic() - began < 5
        text = re.sub(r"open for \d+\.\d s", "open for N s", str(told.value))
        text = text.replace(f"session {pid} ", "session PID ")
        expected = (
            'postgres could not be emptied for this scenario: session PID ("accounts", idle in'
            " transaction) has a transaction open for N s; its last query:"
            " INSERT INTO users (country) VALUES ('DE')\n"
            "  Looked at: who keeps locks on users, after waiting for 2 s; that transaction began"
            ' in the scenario "Ada signs up" (features/users.feature:7)\n'
            "  Try: commit it, roll it back or close its connection, where it was opened"
        )
        assert text == expected
    with scenario(place, "s4") as sql:
        assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]


def test_our_own_sessions_say_whose_they_are(place: SharedPlace) -> None:
    client = place.enter("s7")
    named = "SELECT current_setting('application_name')"
    assert run(client.connection, named) == [("truestep s7, steps",)]
    given = client.connect()
    assert run(given, named) == [("truestep s7, code under test",)]
    place.leave(client)
    assert given.closed


def test_a_place_named_by_a_url_is_emptied_but_not_made_nor_dropped(
    embedded: RunningService,
) -> None:
    with place_on(embedded) as made:
        before = names(embedded)
        query(made.url, "INSERT INTO countries VALUES ('IT', 'Italy')")
        for _ in range(2):
            place = embedded.service.shared_place(_endpoint(made.url), None, may_reset=True)
            place.prepare()
            assert place.url == made.url
            for name in ("s1", "s2"):
                with scenario(place, name) as sql:
                    assert sql("SELECT count(*) FROM countries") == [(3,)]
                    assert sql("INSERT INTO users DEFAULT VALUES RETURNING id") == [(1,)]
            place.close()
            # Else the next run would take them for reference data.
            assert query(made.url, "SELECT * FROM users") == []
        assert names(embedded) == before


def test_what_may_not_be_emptied_is_not_touched(embedded: RunningService) -> None:
    with place_on(embedded) as made:
        query(made.url, "INSERT INTO users DEFAULT VALUES")
        place = embedded.service.shared_place(_endpoint(made.url), None, may_reset=False)
        place.prepare()
        with pytest.raises(ResetRefusedError) as refused:
            place.enter("s1")
        place.close()
        assert str(refused.value) == (
            "postgres is not emptied for this scenario: its database was not made by this run\n"
            f"  Looked at: {_without_password(made.url)}\n"
            "  Try: write `allow_reset = yes` in [service.postgres] if all its tables may be"
            " emptied"
        )
        assert query(made.url, "SELECT id FROM users") == [(1,)]


def test_two_applications_on_one_server_never_meet(server: RunningService) -> None:
    with place_on(server, name="accounts") as one, place_on(server, name="billing") as other:
        with scenario(one) as ours, scenario(other) as theirs:
            ours("INSERT INTO notes DEFAULT VALUES")
            assert theirs("SELECT * FROM notes") == []
            theirs("INSERT INTO notes DEFAULT VALUES")
        with scenario(one, "s2"):
            assert query(other.url, "SELECT id FROM notes") == [(1,)]


def test_who_is_no_superuser_can_have_a_database_emptied_too(embedded: RunningService) -> None:
    admin = embedded.endpoint.url
    query(admin, "CREATE ROLE tester LOGIN PASSWORD 'tester'")
    try:
        with place_on(embedded, "SELECT") as made:
            query(made.url, "GRANT CREATE ON SCHEMA public TO tester")
            url = re.sub("//.*@", "//tester:tester@", made.url)
            query(url, MIGRATIONS)
            place = embedded.service.shared_place(_endpoint(url), None, may_reset=True)
            with scenario(place) as sql:
                sql("INSERT INTO users (country) VALUES ('DE')")
                sql("UPDATE countries SET name = code")
            with scenario(place, "s2") as sql:
                assert sql("SELECT count(*) FROM users") == [(0,)]
                assert sql("SELECT name FROM countries ORDER BY 1") == [("France",), ("Germany",)]
            place.close()
    finally:
        query(admin, "DROP ROLE tester")


def test_what_the_server_refuses_is_told_in_its_words(embedded: RunningService) -> None:
    admin = embedded.endpoint.url
    query(admin, "CREATE ROLE reader LOGIN PASSWORD 'reader'")
    try:
        with place_on(embedded) as made:
            query(made.url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
            url = re.sub("//.*@", "//reader:reader@", made.url)
            place = embedded.service.shared_place(_endpoint(url), None, may_reset=True)
            with pytest.raises(ServiceError) as refused:
                place.enter("s1")
            place.close()
            assert refused.value.seen.startswith("permission denied for sequence ")
    finally:
        query(admin, "DROP ROLE reader")


def test_more_rows_than_reference_data_would_be_are_refused(embedded: RunningService) -> None:
    migrations = """
        CREATE TABLE visits (page text);
        ALTER TABLE visits ALTER page SET STORAGE PLAIN;
        INSERT INTO visits SELECT repeat('x', 8000) FROM generate_series(1, 17000);
        CREATE TABLE roles AS SELECT 'admin' AS name;
    """
    with place_on(embedded, migrations) as place:
        with pytest.raises(ServiceError) as refused:
            place.enter("s1")
        assert refused.value.seen == (
            "132 MiB, of which 132 MiB in public.visits; up to 128 MiB are kept and put back"
        )
        assert query(place.url, "SELECT count(*) FROM visits") == [(17000,)]


def _endpoint(url: str) -> Endpoint:
    return Endpoint("127.0.0.1", 0, url)


def _without_password(url: str) -> str:
    return re.sub("(//[^:]*):.*@", r"\1:***@", url)
