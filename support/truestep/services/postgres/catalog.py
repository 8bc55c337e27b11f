"""What a database is made of: its tables, its sequences, and which table refers to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

# What is the server's or an extension's own is not the application's.
_THE_APPLICATIONS = """
    space.nspname !~ '^(pg_.*|information_schema)$' AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid
                                AND deptype = 'e'
    )
"""
# A partitioned table stands for its partitions.
_TABLES = f"""
    SELECT class.oid, space.nspname, class.relname, class.relkind, ARRAY(
        SELECT attname::text FROM pg_attribute
        WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum
    )
    FROM pg_class class JOIN pg_namespace space ON space.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'm') AND NOT class.relispartition AND class.relispopulated
      AND {_THE_APPLICATIONS}
"""  # noqa: S608  # all of it is constant
_SEQUENCES = f"""
    SELECT class.oid, space.nspname, class.relname, sequence.seqstart,
           COALESCE(pg_partition_root(owned.refobjid)::oid, owned.refobjid)
    FROM pg_sequence sequence
    JOIN pg_class class ON class.oid = sequence.seqrelid
    JOIN pg_namespace space ON space.oid = class.relnamespace
    LEFT JOIN pg_depend owned
      ON owned.classid = 'pg_class'::regclass AND owned.objid = class.oid
     AND owned.refclassid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
    WHERE {_THE_APPLICATIONS}
"""  # noqa: S608  # all of it is constant
_REFERENCES = """
    SELECT DISTINCT COALESCE(pg_partition_root(conrelid)::oid, conrelid),
                    COALESCE(pg_partition_root(confrelid)::oid, confrelid)
    FROM pg_constraint WHERE contype = 'f'
"""


@dataclass(frozen=True)
class TableEntry:
    """A table or materialized view; `columns` are those that are not generated."""

    oid: int
    schema: str
    name: str
    kind: str
    columns: tuple[str, ...]

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
    """A sequence, and the oid of the table whose column it numbers, if there is one."""

    oid: int
    schema: str
    name: str
    start: int
    owner: int | None

    @property
    def identifier(self) -> sql.Identifier:
        """The name, quoted."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Catalog:
    """Tables and sequences by oid; `references` are pairs of oids: from table, to table."""

    tables: Mapping[int, TableEntry]
    sequences: Mapping[int, SequenceEntry]
    references: frozenset[tuple[int, int]]

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


def read_catalog(connection: Connection) -> Catalog:
    """Reads the catalog of the database; waits for no lock on a table."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [
            TableEntry(oid, schema, name, kind, tuple(columns))
            for oid, schema, name, kind, columns in cursor.fetchall()
        ]
        cursor.execute(_SEQUENCES)
        sequences = [SequenceEntry(*row) for row in cursor.fetchall()]
        cursor.execute(_REFERENCES)
        references = cursor.fetchall()
    oids = {table.oid for table in tables}
    return Catalog(
        {table.oid: table for table in tables},
        {sequence.oid: sequence for sequence in sequences},
        frozenset((source, target) for source, target in references if {source, target} <= oids),
    )
