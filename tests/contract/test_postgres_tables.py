"""Tables as steps see them, on a real server: what fits, what is refused, what a failure says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.contract.conftest import Start
from truestep.errors import StepUsageError
from truestep.matchers.rows import contains_at_least_rows, contains_exactly_rows
from truestep.polling import eventually
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.table import Table
from truestep.settings import Backend

COLUMNS = (
    "its columns: id integer, customer text, total numeric, code character varying, state mood"
)

NEAREST_MISS = (
    "     but: no row with customer=Ada, total=12.50; "
    "nearest: customer=Ada, total=9.00 (total differs)"
)


@pytest.fixture
def client(shared: Start, tmp_path: Path) -> Iterator[PostgresClient]:
    isolation = shared("postgres", Backend.EMBEDDED).isolation
    client: PostgresClient = isolation.enter(tmp_path.name[-20:])
    with client.connection.cursor() as cursor:
        cursor.execute(
            "CREATE TYPE mood AS ENUM ('open', 'paid');"
            "CREATE TABLE orders (id serial PRIMARY KEY, customer text NOT NULL UNIQUE,"
            " total numeric(10, 2) DEFAULT 0, code varchar(3), state mood)"
        )
    yield client
    isolation.leave(client)


@pytest.fixture
def orders(client: PostgresClient) -> Table:
    return client.table("orders")


def refusal(what: str, seen: str, looked: str, remedy: str) -> str:
    return f"{what}: {seen}\n  Looked at: {looked}\n  Try: {remedy}"


def test_an_unknown_column_is_refused_and_the_nearest_named(orders: Table) -> None:
    with pytest.raises(StepUsageError) as caught:
        orders.insert(["custmer"], [["Ada"]])
    assert str(caught.value) == refusal(
        'the data table does not fit the table "orders"',
        'it has no column "custmer"; the nearest is "customer"',
        COLUMNS,
        "correct the heading",
    )


def test_a_column_named_twice_is_refused(orders: Table) -> None:
    with pytest.raises(StepUsageError, match='the column "total" is there twice'):
        orders.expected(["total", "customer", "total"], [])


@pytest.mark.parametrize(
    ("column", "text", "said", "kind"),
    [
        ("total", "much", 'invalid input syntax for type numeric: "much"', "numeric"),
        ("total", "", 'invalid input syntax for type numeric: ""', "numeric"),
        ("id", "1.5", 'invalid input syntax for type integer: "1.5"', "integer"),
        ("state", "payed", 'invalid input value for enum mood: "payed"', "mood"),
    ],
)
@pytest.mark.parametrize("act", ["insert", "expected"])
def test_a_cell_that_does_not_fit_is_refused_with_its_row_and_column(
    orders: Table, act: str, *, column: str, text: str, said: str, kind: str
) -> None:
    value = {"id": "1", "total": "1", "state": "open"}[column]
    with pytest.raises(StepUsageError) as caught:
        getattr(orders, act)(["customer", column], [["Ada", value], ["Grace", text]])
    assert str(caught.value) == refusal(
        'the data table does not fit the table "orders"',
        f'row 2, column "{column}": {said}',
        COLUMNS,
        f"write a value of the type {kind}, or <null>",
    )
    assert orders.count() == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["Ada", "a"], ["Grace", "long"]], "value too long for type character varying(3)"),
        (
            [["Ada", "a"], ["Ada", "b"]],
            'duplicate key value violates unique constraint "orders_customer_key"',
        ),
        (
            [["Ada", "a"], ["<null>", "b"]],
            'null value in column "customer" of relation "orders" violates not-null constraint',
        ),
    ],
)
def test_a_row_that_the_table_refuses_is_named_and_none_is_inserted(
    orders: Table, rows: list[list[str]], said: str
) -> None:
    with pytest.raises(StepUsageError) as caught:
        orders.insert(["customer", "code"], rows)
    assert caught.value.seen == f"row 2: {said}"
    assert orders.count() == 0


def test_any_is_no_value_to_insert(orders: Table) -> None:
    with pytest.raises(StepUsageError) as caught:
        orders.insert(["customer", "id"], [["Ada", "<any>"]])
    assert caught.value.seen == 'row 1, column "id": <any> is no value to insert'


def test_a_table_that_is_not_there_is_refused_and_the_nearest_named(client: PostgresClient) -> None:
    with pytest.raises(StepUsageError) as caught:
        client.table("order")
    assert str(caught.value) == refusal(
        'there is no table "order"',
        'the nearest is "orders"',
        "the tables and views of this scenario's database",
        "correct the name, or load the schema: postgres.schema, or a step that runs a file",
    )


def test_a_missing_row_is_told_with_the_nearest_one(orders: Table) -> None:
    orders.insert(["customer", "total"], [["Ada", "9.00"], ["Grace", "12.50"]])
    expected = orders.expected(["customer", "total"], [["Ada", "12.50"], ["Grace", "12.5"]])
    with pytest.raises(AssertionError) as caught:
        eventually(
            lambda: orders.read(["customer", "total"]),
            contains_exactly_rows(expected),
            what='the table "orders"',
            within_s=0,
        )
    assert str(caught.value).splitlines()[1:] == [
        "Expected: exactly these 2 rows:",
        "          customer=Ada, total=12.50",
        "          customer=Grace, total=12.5",
        NEAREST_MISS,
        "          unexpected row: customer=Ada, total=9.00",
    ]


def test_a_row_that_comes_later_is_awaited(client: PostgresClient, orders: Table) -> None:
    late = client.connect()
    late.cursor().execute("INSERT INTO orders (customer) VALUES ('Ada')")
    counts = []

    def read_then_commit() -> object:
        rows = orders.read(["customer"])
        counts.append(len(rows))
        late.commit()
        return rows

    expected = orders.expected(["customer"], [["Ada"]])
    eventually(read_then_commit, contains_at_least_rows(expected), what="the order")  # type: ignore[arg-type,misc]
    assert counts == [0, 1]


def test_text_that_is_too_long_for_its_column_is_not_cut_to_fit(orders: Table) -> None:
    orders.insert(["customer", "code"], [["Ada", "abc"]])
    assert not contains_exactly_rows(orders.expected(["code"], [["abcd"]])).matches(
        orders.read(["code"])
    )


def test_names_with_signs_stand_for_themselves(client: PostgresClient) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute(
            'CREATE SCHEMA "Sales 50%"; CREATE TABLE "Sales 50%"."T""1" ("a %s" char(5), "B" bytea)'
        )
    table = client.table('Sales 50%.T"1')
    table.insert(["a %s", "B"], [["x%s", "\\x00ff"]])
    wanted = table.expected(["a %s", "B"], [["x%s", "\\x00FF"]])
    assert contains_exactly_rows(wanted).matches(table.read(["a %s", "B"]))
    assert repr(table.read(["a %s", "B"])) == "1 row: a %s=x%s, B=\\x00ff"


@pytest.mark.parametrize(
    ("kind", "written", "same", "other"),
    [
        ("numeric(10,2)", "1.50", "1.5", "1.51"),
        ("double precision", "0.1", "1e-1", "0.2"),
        ("numeric", "NaN", "nan", "0"),
        ("boolean", "t", "true", "false"),
        ("timestamptz", "2031-02-01 12:00+02", "2031-02-01T10:00:00Z", "2031-02-01 12:00Z"),
        ("timestamp", "2031-02-01 12:00", "2031-02-01T12:00:00", "2031-02-01 12:01"),
        ("date", "2031-02-01", "20310201", "2031-02-02"),
        ("interval", "90 minutes", "1:30", "1:31"),
        ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11", ""),
        ("json", '{"a": [1, 2]}', '{ "a":[1,2.0] }', '{"a": [2, 1]}'),
        ("jsonb", '{"a": 1, "b": null}', '{"b": null, "a": 1}', '{"a": 1}'),
        ("integer[]", "{1,2}", "{ 1, 2 }", "{2,1}"),
        ("mood[]", "{open,paid}", '{"open", "paid"}', "{paid,open}"),
        ("inet", "10.0.0.1", "10.0.0.1/32", "10.0.0.2"),
    ],
)
def test_cells_are_compared_as_the_type_of_their_column(
    client: PostgresClient, kind: str, written: str, same: str, other: str
) -> None:
    with client.connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE things (value {kind})")
    things = client.table("things")
    things.insert(["value"], [[written]])
    read = things.read(["value"])
    assert contains_exactly_rows(things.expected(["value"], [[same]])).matches(read)
    if other:
        assert not contains_exactly_rows(things.expected(["value"], [[other]])).matches(read)


def test_a_leaked_lock_fails_a_step_and_does_not_hang_it(
    client: PostgresClient, orders: Table
) -> None:
    leaked = client.connect()
    leaked.cursor().execute("LOCK TABLE orders")
    client.connection.cursor().execute("SET lock_timeout = '20ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        orders.count()


def test_a_sql_file_that_fails_changes_nothing(client: PostgresClient, tmp_path: Path) -> None:
    file = tmp_path / "two.sql"
    file.write_text(
        "INSERT INTO orders (customer) VALUES ('Ada');\nINSERT INTO oders VALUES (1);\n"
    )
    with pytest.raises(StepUsageError) as caught:
        client.run_file(str(file))
    assert caught.value.seen == 'relation "oders" does not exist'
    assert caught.value.looked == f"line 2 of {file}"
    assert client.table("orders").count() == 0


def test_a_sql_file_that_is_not_there_is_refused(client: PostgresClient, tmp_path: Path) -> None:
    (tmp_path / "orders.sql").touch()
    with pytest.raises(StepUsageError) as caught:
        client.run_file(str(tmp_path / "oders.sql"))
    near = tmp_path / "orders.sql"
    assert caught.value.seen == f"No such file or directory; the nearest is {near}"
