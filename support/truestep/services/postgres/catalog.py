"""What a database is made of: its tables, its sequences, and which table refers to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

# A heap (2) has no pages until its first row is written, whoever may see that row, and none after
# TRUNCATE: its size tells at once that a table has stayed empty. Of others nothing is known.
_HAS_PAGES = "CASE WHEN {0}.relam = 2 THEN pg_relation_size({0}.oid) > 0 END"
# pg_get_sequence_data() tells of all sequences in one query, since this version.
_POSITIONS_SINCE = 18_00_00
_POSITIONS = "LEFT JOIN pg_get_sequence_data(seqrelid) stands ON true"
_UNKNOWN = "CROSS JOIN (SELECT NULL::bigint, NULL::bool) stands (last_value, is_called)"
_COLUMNS = """
    SELECT attrelid::bigint, array_agg(attname::text ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = ANY(%s::oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY attrelid
"""
# A partitioned table stands for its partitions. What is the server's or an extension's own is not
# the application's.
_CATALOG = f"""
    WITH own AS MATERIALIZED (
        SELECT class.oid, nspname::text, relname::text, relkind::text, relam
        FROM pg_class class JOIN pg_namespace space ON space.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'm', 'S') AND NOT relispartition AND relispopulated
          AND nspname !~ '^(pg_.*|information_schema)$' AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid
                                    AND deptype = 'e'
        )
    )
    SELECT own.oid::bigint, nspname, relname, relkind,
    CASE relkind WHEN 'S' THEN NULL WHEN 'p' THEN (
        SELECT CASE WHEN bool_and(leaf.relam = 2)
                    THEN COALESCE(bool_or({_HAS_PAGES.format("leaf")}), false) END
        FROM pg_partition_tree(own.oid) part JOIN pg_class leaf ON leaf.oid = part.relid
        WHERE part.isleaf AND leaf.relkind <> 'p'
    ) ELSE {_HAS_PAGES.format("own")} END, seqstart, (
        SELECT COALESCE(pg_partition_root(refobjid)::oid, refobjid)::bigint FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = seqrelid
          AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
        LIMIT 1
    ), last_value, is_called
    FROM own LEFT JOIN pg_sequence ON seqrelid = own.oid {{stands}}
UNION ALL
    SELECT COALESCE(pg_partition_root(conrelid)::oid, conrelid), NULL, NULL, 'reference',
           NULL, NULL, COALESCE(pg_partition_root(confrelid)::oid, confrelid), NULL, NULL
    FROM pg_constraint WHERE contype = 'f'
UNION ALL
    SELECT COALESCE(pg_partition_root(relation)::oid, relation), NULL, NULL, 'written', NULL, NULL,
           NULL, NULL, NULL
    FROM pg_locks WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND mode IN ('RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""  # noqa: S608  # all of it is constant


@dataclass(frozen=True)
class Position:
    """Where a sequence stands: `called` tells whether it has given out `value` already."""

    value: int
    called: bool


@dataclass(frozen=True)
class TableEntry:
    """A table or materialized view.

    `has_pages` is false when nobody has written a row since it was made or truncated, not even in
    a transaction which is open; None when that is not known.
    """

    oid: int
    schema: str
    name: str
    kind: str
    has_pages: bool | None

    @property
    def is_view(self) -> bool:
        """Whether it only shows what is in other tables, as of when it was refreshed."""
        return self.kind == "m"

    @property
    def source(self) -> sql.Composed:
        """The table for FROM or TRUNCATE: with its partitions, without what inherits from it."""
        only = sql.SQL("ONLY " if self.kind == "r" else "")
        return only + self.identifier

    @property
    def identifier(self) -> sql.Identifier:
        """The name, quoted."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class SequenceEntry:
    """A sequence, and the oid of the table whose column it numbers, if there is one.

    `position` is None when the catalog does not tell it.
    """

    oid: int
    schema: str
    name: str
    start: int
    owner: int | None
    position: Position | None

    @property
    def identifier(self) -> sql.Identifier:
        """The name, quoted."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Catalog:
    """Tables and sequences by oid.

    `references` are pairs of oids: from table, to table; `written` are tables that a transaction
    has written to which is still open.
    """

    tables: Mapping[int, TableEntry]
    sequences: Mapping[int, SequenceEntry]
    references: frozenset[tuple[int, int]]
    written: frozenset[int]

    def with_referring(self, oids: Iterable[int]) -> set[int]:
        """Returns the tables and all that refer to them: TRUNCATE takes them only together."""
        found: set[int] = set()
        waiting = set(oids)
        while waiting:
            found |= waiting
            waiting = {source for source, target in self.references if target in waiting} - found
        return found

    def referred_first(self, oids: Iterable[int]) -> list[int]:
        """Returns the tables so that each comes after those it refers to, circles left aside."""
        remaining = sorted(oids)
        ordered: list[int] = []
        while remaining:
            free = [oid for oid in remaining if not self._targets(oid) & set(remaining)]
            ordered += free or remaining
            remaining = [oid for oid in remaining if oid not in ordered]
        return ordered

    def _targets(self, oid: int) -> set[int]:
        return {target for source, target in self.references if source == oid} - {oid}


def prepare_catalog(connection: Connection) -> None:
    """Has a connection plan the query of `read_catalog`, once: that is half of what it costs."""
    tells = connection.server_version >= _POSITIONS_SINCE
    query = _CATALOG.format(stands=_POSITIONS if tells else _UNKNOWN)
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE truestep_catalog AS {query}")


def read_catalog(connection: Connection) -> Catalog:
    """Reads the catalog of the database, over a connection that is prepared for it.

    Waits for those who keep others from reading a table.
    """
    tables: dict[int, TableEntry] = {}
    sequences: dict[int, SequenceEntry] = {}
    references: set[tuple[int, int]] = set()
    written: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute("EXECUTE truestep_catalog")
        for oid, schema, name, kind, has_pages, start, of, value, called in cursor:
            if kind == "S":
                position = None if value is None else Position(value, called)
                sequences[oid] = SequenceEntry(oid, schema, name, start, of, position)
            elif kind == "reference":
                references.add((oid, of))
            elif kind == "written":
                written.add(oid)
            else:
                tables[oid] = TableEntry(oid, schema, name, kind, has_pages)
    known = frozenset(pair for pair in references if tables.keys() >= set(pair))
    return Catalog(tables, sequences, known, frozenset(written & tables.keys()))


def read_columns(connection: Connection, oids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Returns the names of each table's columns, but of those that are generated."""
    columns: dict[int, tuple[str, ...]] = dict.fromkeys(oids, ())
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, (list(columns),))
        return columns | {oid: tuple(names) for oid, names in cursor.fetchall()}
