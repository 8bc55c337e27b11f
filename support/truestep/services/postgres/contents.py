"""What a database holds: looked at where the catalog does not tell, kept, and put back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.services.postgres.catalog import (
    Catalog,
    Position,
    SequenceEntry,
    TableEntry,
    read_columns,
)

# Copied into memory, and looked through before each scenario.
_LARGEST_MIB = 128
_MIB = 2**20

# Whether anything is in it. Rows that are not committed cannot be seen: the catalog tells of them.
_FILLED = "SELECT 'table', {oid}, EXISTS (SELECT FROM {source})::int::text, ''"
# Nothing that a row holds can be missed, in whatever order the rows come.
_COUNTED = """
    SELECT 'table', {oid}, count(*)::text,
           COALESCE(sum(hashtextextended("a row"::text, 0)), 0)::text FROM {source} AS "a row"
"""
_SEQUENCE = "SELECT 'sequence', {oid}, last_value::text, is_called::text FROM {name}"
# As a table that has no rows is seen.
EMPTY = ("0", "")
_FULL = ("1", "")
_SIZE = """
    SELECT COALESCE(
        (SELECT sum(pg_table_size(relid)) FROM pg_partition_tree({oid}::regclass)),
        pg_table_size({oid}::regclass)
    )
"""


@dataclass(frozen=True)
class Contents:
    """What was seen at one moment, by oid.

    `tables` has of each kept table and each view its number of rows and their hash, of another
    whether it has rows.
    """

    tables: Mapping[int, tuple[str, str]]
    sequences: Mapping[int, Position]


@dataclass(frozen=True)
class Baseline:
    """What a database has that no scenario put there, by oid.

    `tables` has the tables that are kept, and the views, as `Contents` has them; `rows` has the
    rows of the former as COPY writes them, in the order of `columns`.
    """

    tables: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    rows: Mapping[int, bytes] = field(default_factory=dict)
    columns: Mapping[int, Sequence[str]] = field(default_factory=dict)
    sequences: Mapping[int, Position] = field(default_factory=dict)

    def position(self, sequence: SequenceEntry) -> Position:
        """Returns where a sequence has to stand before a scenario.

        One that numbers the rows of a table which is emptied starts anew.
        """
        start = Position(sequence.start, called=False)
        numbers_emptied = sequence.owner is not None and sequence.owner not in self.rows
        return start if numbers_emptied else self.sequences.get(sequence.oid, start)


def look(
    connection: Connection, catalog: Catalog, kept: Iterable[int], *, exactly: bool = False
) -> Contents:
    """Looks by one query at every row of the `kept` tables, and where the catalog does not tell.

    A table from which all rows have been deleted counts as filled, unless asked for `exactly`.
    """
    kept = set(kept)
    parts: list[sql.Composable] = []
    for table in catalog.tables.values():
        is_counted = table.oid in kept or (table.is_view and table.has_pages is not False)
        if is_counted or table.has_pages is None or (exactly and table.has_pages):
            query = sql.SQL(_COUNTED if is_counted else _FILLED)
            parts.append(query.format(oid=sql.Literal(table.oid), source=table.source))
    tables = {oid: _FULL if table.has_pages else EMPTY for oid, table in catalog.tables.items()}
    sequences: dict[int, Position] = {}
    for one in catalog.sequences.values():
        if one.position is None:
            oid = sql.Literal(one.oid)
            parts.append(sql.SQL(_SEQUENCE).format(oid=oid, name=one.identifier))
        else:
            sequences[one.oid] = one.position
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(parts))
            for kind, number, first, second in cursor:
                if kind == "table":
                    tables[number] = first, second
                else:
                    sequences[number] = Position(int(first), called=second == "true")
    return Contents(tables, sequences)


def take_baseline(connection: Connection, catalog: Catalog) -> Baseline:
    """Copies every table that has rows.

    Raises:
        ServiceError: together they are too large to be reference data.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = look(connection, catalog, (), exactly=True).tables
        filled = [
            oid
            for oid, (count, _) in tables.items()
            if count != "0" and not catalog.tables[oid].is_view
        ]
        _refuse_too_large(connection, [catalog.tables[oid] for oid in filled])
        kept = look(connection, catalog, filled)
        columns = read_columns(connection, filled)
        rows = {oid: _copied(connection, catalog.tables[oid], columns[oid]) for oid in filled}
    seen = {
        oid: counted
        for oid, counted in kept.tables.items()
        if oid in rows or catalog.tables[oid].is_view
    }
    return Baseline(seen, rows, columns, kept.sequences)


def fill(connection: Connection, table: TableEntry, baseline: Baseline) -> None:
    """Puts rows back that `take_baseline` copied, into the emptied table."""
    with connection.cursor() as cursor:
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            table.identifier, _listed(baseline.columns[table.oid])
        )
        cursor.copy_expert(into.as_string(connection), io.BytesIO(baseline.rows[table.oid]))


def _copied(connection: Connection, table: TableEntry, columns: Sequence[str]) -> bytes:
    rows = io.BytesIO()
    with connection.cursor() as cursor:
        query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_listed(columns), table.source)
        cursor.copy_expert(query.as_string(connection), rows)
    return rows.getvalue()


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _refuse_too_large(connection: Connection, tables: list[TableEntry]) -> None:
    sizes = dict(_sizes(connection, tables))
    if sum(sizes.values()) <= _LARGEST_MIB * _MIB:
        return
    largest = max(sizes, key=lambda name: sizes[name])
    raise ServiceError(
        "postgres has more rows before the first scenario than reference data would be",
        seen=f"{sum(sizes.values()) // _MIB} MiB, of which {sizes[largest] // _MIB} MiB in"
        f" {largest}; up to {_LARGEST_MIB} MiB are kept and put back",
        looked=f"the {len(sizes)} tables with rows at the first scenario",
        remedy="give it a database with the schema and reference data only",
    )


def _sizes(connection: Connection, tables: list[TableEntry]) -> Iterator[tuple[str, int]]:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL(_SIZE).format(oid=sql.Literal(table.oid)))
            [(size,)] = cursor.fetchall()
            yield f"{table.schema}.{table.name}", int(size)
