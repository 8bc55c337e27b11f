"""A table as the steps see it: rows written and read as text, compared as the database's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from hamcrest.core.matcher import Matcher
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import StepUsageError, nearest
from truestep.matchers.cell import Cell, cell
from truestep.matchers.placeholders import ANY, NOW, NULL, placeholder
from truestep.matchers.rows import Rows

_TABLES = """
    SELECT space.nspname, class.relname, class.oid, pg_table_is_visible(class.oid)
    FROM pg_class class JOIN pg_namespace space ON space.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND space.nspname !~ '^(pg_.*|information_schema)$'
"""
# The type is without its length or precision: a cast to varchar(3) would cut a cell to fit.
_COLUMNS = """
    SELECT attname, format_type(atttypid, -1)
    FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# The driver shows these as padded text and as memory: as text they can be compared and read.
_READ_AS_TEXT = ("bpchar", "bytea")
_DOES_NOT_FIT = (psycopg2.DataError, psycopg2.IntegrityError)

ExpectedRow = Mapping[str, Matcher[object]]


@dataclass(frozen=True)
class _Column:
    name: str
    type: str

    def read(self, value: sql.Composable) -> sql.Composable:
        as_text = self.type in _READ_AS_TEXT
        return sql.SQL("CAST({} AS text)").format(value) if as_text else value

    def cast(self, text: str) -> sql.Composable:
        cast = sql.SQL("CAST({} AS {})").format(sql.Literal(text), sql.SQL(self.type))
        return self.read(cast)


class Table:
    """One table or view.

    Statements are composed without parameters: a `%` in a column's name stands for itself.

    Args:
        connection: in autocommit.
        name: `name` or `schema.name`, as it is spelled in the catalog.

    Raises:
        StepUsageError: there is no such table, naming the nearest one.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        with connection.cursor() as cursor:
            cursor.execute(_TABLES)
            known = {}
            for space, table, oid, visible in cursor.fetchall():
                known[f"{space}.{table}"] = space, table, oid
                if visible:
                    known[table] = space, table, oid
            if name not in known:
                raise _no_such_table(name, list(known))
            space, table, oid = known[name]
            self._identifier = sql.Identifier(space, table)
            cursor.execute(_COLUMNS, (oid,))
            self._columns = {row[0]: _Column(*row) for row in cursor.fetchall()}

    def count(self) -> int:
        """Returns how many rows there are."""
        [(count,)] = self._fetch(sql.SQL("SELECT count(*) FROM {}").format(self._identifier))
        return int(count)

    def read(self, headings: Sequence[str]) -> Rows:
        """Returns all rows, with these columns only, as the driver's Python values."""
        columns = [self._columns[name].read(sql.Identifier(name)) for name in headings]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(columns), self._identifier)
        return Rows(dict(zip(headings, row, strict=True)) for row in self._fetch(query))

    def values(self, column: str, where: str, text: str) -> list[object]:
        """Returns the values of `column` in the rows whose column `where` is `text`."""
        [wanted] = self.expected([where], [[text]])
        self._check_headings([column])
        return [
            row[column] for row in self.read([column, where]) if wanted[where].matches(row[where])
        ]

    def expected(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[ExpectedRow]:
        """Reads the cells of a data table as values of their columns' types.

        `<any>`, `<null>` and `<now>` stand for themselves.

        Raises:
            StepUsageError: a column is unknown, or a cell does not fit its column's type.
        """
        self._check_headings(headings)
        return [
            self._read_row(number, dict(zip(headings, row, strict=True)))
            for number, row in enumerate(rows, start=1)
        ]

    def insert(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Inserts all rows or none; columns left out get their defaults.

        `<null>` is null and `<now>` the server's time.

        Raises:
            StepUsageError: a column is unknown, a cell does not fit, or the table refuses a row.
        """
        for number, row in enumerate(rows, start=1):
            if ANY in row:
                name = headings[row.index(ANY)]
                raise self._misfit(
                    f'row {number}, column "{name}": {ANY} is no value to insert',
                    remedy="write a value, or leave the column out to get its default",
                )
        self.expected(headings, rows)
        into = sql.SQL("INSERT INTO {} ({}) VALUES").format(
            self._identifier, sql.SQL(", ").join(map(sql.Identifier, headings))
        )
        with self._connection, self._connection.cursor() as cursor:
            for number, row in enumerate(rows, start=1):
                values = sql.SQL(", ").join(map(_value, row))
                try:
                    cursor.execute(into + sql.SQL(" ({})").format(values))
                except psycopg2.Error as error:
                    raise self._misfit(
                        f"row {number}: {_first_line(error)}",
                        remedy="correct that row; no row was inserted",
                    ) from error

    def _read_row(self, number: int, row: Mapping[str, str]) -> ExpectedRow:
        special = {name: placeholder(text) for name, text in row.items()}
        ordinary = [name for name in row if special[name] is None]
        try:
            values = dict(zip(ordinary, self._cast(row, ordinary), strict=True))
        except _DOES_NOT_FIT:
            for name in ordinary:
                self._check_cell(number, name, row)
            raise
        return {
            name: cell(text, values[name])
            if (matcher := special[name]) is None
            else Cell(text, matcher)
            for name, text in row.items()
        }

    def _check_cell(self, number: int, name: str, row: Mapping[str, str]) -> None:
        try:
            self._cast(row, [name])
        except _DOES_NOT_FIT as error:
            raise self._misfit(
                f'row {number}, column "{name}": {_first_line(error)}',
                remedy=f"write a value of the type {self._columns[name].type}, or {NULL}",
            ) from error

    def _cast(self, row: Mapping[str, str], names: Sequence[str]) -> Sequence[object]:
        if not names:
            return []
        casts = sql.SQL(", ").join(self._columns[name].cast(row[name]) for name in names)
        return self._fetch(sql.SQL("SELECT {}").format(casts))[0]

    def _fetch(self, query: sql.Composable) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def _check_headings(self, headings: Sequence[str]) -> None:
        for index, name in enumerate(headings):
            if name not in self._columns:
                raise self._misfit(
                    f'it has no column "{name}"; the nearest is "{nearest(name, self._columns)}"',
                    remedy="correct the heading",
                )
            if name in headings[:index]:
                raise self._misfit(f'the column "{name}" is there twice', remedy="leave one out")

    def _misfit(self, seen: str, *, remedy: str) -> StepUsageError:
        columns = ", ".join(f"{column.name} {column.type}" for column in self._columns.values())
        return StepUsageError(
            f'the data table does not fit the table "{self.name}"',
            seen=seen,
            looked=f"its columns: {columns}",
            remedy=remedy,
        )


def _value(text: str) -> sql.Composable:
    special: dict[str, sql.Composable] = {NULL: sql.SQL("NULL"), NOW: sql.SQL("now()")}
    return special.get(text, sql.Literal(text))


def _first_line(error: psycopg2.Error) -> str:
    return str(error.diag.message_primary or error).splitlines()[0]


def _no_such_table(name: str, known: list[str]) -> StepUsageError:
    like = nearest(name, known)
    return StepUsageError(
        f'there is no table "{name}"',
        seen=f'the nearest is "{like}"' if like else "the database has no tables at all",
        looked="the tables and views of this scenario's database",
        remedy="correct the name, or load the schema: postgres.schema, or a step that runs a file",
    )
