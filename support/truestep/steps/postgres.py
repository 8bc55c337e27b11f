"""Steps about tables: technical on purpose, to begin with and to build your own words on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from behave import given, step, then
from behave.runner import Context
from hamcrest import equal_to
from hamcrest.core.matcher import Matcher

from truestep.matchers.one_value import one_value
from truestep.matchers.rows import contains_at_least_rows, contains_exactly_rows
from truestep.polling import eventually
from truestep.steps.data_table import data_table
from truestep.steps.kept import fill, keep

WITHIN_S = 5.0


@given('the SQL file "{path}" has been run')
def run_sql_file(context: Context, path: str) -> None:
    """Runs a file of SQL statements; its path starts from the folder that behave runs in."""
    context.postgres.run_file(fill(context, path))


@given('the table "{table}" contains:')
def insert_rows(context: Context, table: str) -> None:
    """Inserts the rows of the data table; columns that it leaves out get their defaults."""
    context.postgres.table(table).insert(*data_table(context))


@then('the table "{table}" contains exactly:')
def contains_exactly(context: Context, table: str) -> None:
    """Waits until the table has these rows and no others, in any order."""
    _await_rows(context, table, contains_exactly_rows, WITHIN_S)


@then('the table "{table}" contains at least:')
def contains_at_least(context: Context, table: str) -> None:
    """Waits until these rows are among those of the table."""
    _await_rows(context, table, contains_at_least_rows, WITHIN_S)


@then('within {within_s:g} seconds the table "{table}" contains exactly:')
def contains_exactly_within(context: Context, within_s: float, table: str) -> None:
    """Waits that long until the table has these rows and no others."""
    _await_rows(context, table, contains_exactly_rows, within_s)


@then('within {within_s:g} seconds the table "{table}" contains at least:')
def contains_at_least_within(context: Context, within_s: float, table: str) -> None:
    """Waits that long until these rows are among those of the table."""
    _await_rows(context, table, contains_at_least_rows, within_s)


@then('the table "{table}" has {count:d} rows')
@then('the table "{table}" has {count:d} row')
def has_rows(context: Context, table: str, count: int) -> None:
    """Waits until the table has that many rows."""
    eventually(
        context.postgres.table(table).count,
        equal_to(count),
        what=f'the number of rows in the table "{table}"',
        within_s=WITHIN_S,
    )


@then('the table "{table}" is empty')
def is_empty(context: Context, table: str) -> None:
    """Waits until the table has no rows."""
    has_rows(context, table, 0)


@step('the "{column}" of the row in "{table}" where "{where}" is "{value}" is saved as <{name}>')
def keep_value(
    context: Context, *, column: str, table: str, where: str, value: str, name: str
) -> None:
    """Waits for the one row that fits, and keeps a value of it: `<name>` then stands for it."""
    rows = context.postgres.table(table)
    found = eventually(
        lambda: rows.values(column, where, fill(context, value)),
        one_value(),
        what=f'the "{column}" of the row in "{table}" where "{where}" is "{value}"',
        within_s=WITHIN_S,
    )
    keep(context, name, found[0])


def _await_rows(
    context: Context, table: str, contains: Callable[..., Matcher[Any]], within_s: float
) -> None:
    (headings, rows), target = data_table(context), context.postgres.table(table)
    eventually(
        lambda: target.read(headings),
        contains(target.expected(headings, rows)),
        what=f'the table "{table}"',
        within_s=within_s,
    )
