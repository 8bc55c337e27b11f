"""Which rows of a database a scenario has added, changed and removed."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.evidence import Snapshot
from truestep.services.postgres.catalog import (
    TableEntry,
    prepare_catalog,
    read_catalog,
    read_columns,
)

# Both sides of a comparison are the text of COPY, which depends on these.
SESSION = """
    SET DateStyle = ISO;
    SET IntervalStyle = postgres;
    SET extra_float_digits = 3;
    SET bytea_output = hex
"""
# It is read when a scenario has failed, and somebody may hold locks.
_LIMITS = "SET lock_timeout = '1s'; SET statement_timeout = '5s'"
_KEYS = """
    SELECT indrelid::bigint, array_agg(attname::text)
    FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indisprimary GROUP BY indrelid
"""
_COMPARED_ROWS = 5_000
_SHOWN_ROWS = 50
_SHOWN_CHARACTERS = 500
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class TableRows:
    """The rows of a table as COPY writes them; None where there are too many to compare."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    lines: tuple[bytes, ...] | None


Tables = Mapping[str, TableRows]


def read_tables(url: str) -> Tables:
    """Returns the rows of all tables, by `name`, or `schema.name` outside of `public`.

    Raises:
        psycopg2.Error: the server does not let us, or not in time.
    """
    with closing(psycopg2.connect(url, application_name="truestep, evidence")) as connection:
        connection.set_session(readonly=True)
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
            cursor.execute(_LIMITS)
            prepare_catalog(connection)
            catalog = read_catalog(connection)
            cursor.execute(_KEYS)
            keys = dict(cursor.fetchall())
        entries = [entry for entry in catalog.tables.values() if not entry.is_view]
        columns = read_columns(connection, [entry.oid for entry in entries])
        return {
            name_of(entry): TableRows(
                columns[entry.oid],
                tuple(keys.get(entry.oid, ())),
                _lines(connection, entry, columns[entry.oid]),
            )
            for entry in entries
        }


def name_of(entry: TableEntry) -> str:
    """Returns a table's name as a scenario would write it."""
    return entry.name if entry.schema == "public" else f"{entry.schema}.{entry.name}"


def changed_rows(before: Tables, after: Tables) -> Snapshot:
    """Returns what became of each table: rows added, removed, and changed (before and after)."""
    content = {}
    for name, now in after.items():
        was = before.get(name, TableRows(now.columns, now.key, ()))
        if now.lines is None or was.lines is None:
            content[name] = [{"change": f"not compared: more than {_COMPARED_ROWS} rows"}]
            continue
        gone = list((Counter(was.lines) - Counter(now.lines)).elements())
        new = list((Counter(now.lines) - Counter(was.lines)).elements())
        rows = list(_paired([_row(was, one) for one in gone], [_row(now, one) for one in new], now))
        if len(rows) > _SHOWN_ROWS:
            rows[_SHOWN_ROWS:] = [{"change": f"… and {len(rows) - _SHOWN_ROWS} more"}]
        if rows:
            content[name] = rows
    return Snapshot("rows", content)


def _paired(
    gone: list[dict[str, Any]], new: list[dict[str, Any]], table: TableRows
) -> Iterator[dict[str, Any]]:
    """Rows of one primary key are one row, before and after."""
    after = {_key(row, table): row for row in new} if table.key else {}
    for row in gone:
        now = after.pop(_key(row, table), None) if table.key else None
        yield {"change": "removed" if now is None else "before"} | row
        if now is not None:
            yield {"change": "after"} | now
            new.remove(now)
    for row in new:
        yield {"change": "added"} | row


def _key(row: Mapping[str, Any], table: TableRows) -> Sequence[Any]:
    return tuple(row.get(name) for name in table.key)


def _lines(
    connection: Connection, entry: TableEntry, columns: Sequence[str]
) -> tuple[bytes, ...] | None:
    text = io.BytesIO()
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY (SELECT {} FROM {} LIMIT {}) TO STDOUT").format(
        listed, entry.source, sql.Literal(_COMPARED_ROWS + 1)
    )
    with connection.cursor() as cursor:
        cursor.copy_expert(query.as_string(connection), text)
    return lines_of(text.getvalue())


def lines_of(copied: bytes) -> tuple[bytes, ...] | None:
    """Returns the lines that COPY has written; None when they are too many to compare."""
    lines = tuple(copied.split(b"\n")[:-1])
    return lines if len(lines) <= _COMPARED_ROWS else None


def _row(table: TableRows, line: bytes) -> dict[str, Any]:
    cells = line.decode(errors="backslashreplace").split("\t") if table.columns else []
    return dict(zip(table.columns, map(_cell, cells), strict=True))


def _cell(text: str) -> str | None:
    if text == "\\N":
        return None
    whole = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)
    return whole if len(whole) <= _SHOWN_CHARACTERS else whole[:_SHOWN_CHARACTERS] + "…"
