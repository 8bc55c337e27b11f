"""Bringing a database back to what it held before the first scenario, and waiting for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import datetime

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.polling import scaled
from truestep.services.postgres.blockers import find_blockers
from truestep.services.postgres.catalog import Catalog, read_catalog
from truestep.services.postgres.contents import (
    Baseline,
    Contents,
    Position,
    fill,
    look,
    take_baseline,
)

_LOCKED_WITHIN_S = 2.0
# What rows look like as text must not depend on how the database is configured.
_SESSION = """
    SET lock_timeout = {};
    SET DateStyle = ISO;
    SET IntervalStyle = postgres;
    SET extra_float_digits = 3;
    SET bytea_output = hex
"""


class Emptying:
    """Empties what scenarios have filled, over one connection.

    Args:
        url: the database.
        began_during: returns, for a moment of the server's clock, what was running then, in words.
    """

    def __init__(self, url: str, began_during: Callable[[datetime], str]) -> None:
        self._url = url
        self._began_during = began_during
        self._connection: Connection | None = None
        self._baseline: Baseline | None = None

    @property
    def has_baseline(self) -> bool:
        """Whether `empty` has been called with success, and there is something to go back to."""
        return self._baseline is not None

    def empty(self) -> datetime:
        """Empties the tables that have rows and lets their identities start anew.

        What the first call finds is the baseline: tables that have rows then are kept, and from
        then on put back as they were when they were changed. Returns the server's time.

        Raises:
            ServiceError: a session has kept a lock for longer than 2 s (before scaling), naming
                it; or the server refuses.
        """
        connection = self._connected()
        try:
            catalog = read_catalog(connection)
            return self._empty(connection, catalog)
        except errors.LockNotAvailable as error:
            raise self._blocked(connection, catalog) from error
        except psycopg2.Error as error:
            if connection.closed:
                raise
            raise ServiceError(
                "postgres could not be emptied for this scenario",
                seen=str(error).strip(),
                looked=self._url,
                remedy="check the permissions of its user, and the triggers of its tables",
            ) from error

    def close(self) -> None:
        """Disconnects."""
        if self._connection:
            self._connection.close()

    def _empty(self, connection: Connection, catalog: Catalog) -> datetime:
        if self._baseline is None:
            self._baseline = take_baseline(connection, catalog)
        baseline = self._baseline
        contents = look(connection, catalog, baseline.rows)
        dirty = {
            oid
            for oid, seen in contents.tables.items()
            if oid in contents.written or seen != baseline.tables.get(oid, ("0", ""))
        }
        with connection, connection.cursor() as cursor:
            if dirty:
                # All at once, and with those that refer to them: CASCADE would do that unseen.
                emptied = catalog.with_referring(dirty)
                _truncate(connection, [catalog.tables[oid].source for oid in sorted(emptied)])
                for oid in catalog.referred_first(emptied & baseline.rows.keys()):
                    fill(connection, catalog.tables[oid], baseline.rows[oid])
            else:
                emptied = set()
            _set_positions(connection, catalog, contents, baseline, emptied)
            cursor.execute("SELECT clock_timestamp()")
            [(now,)] = cursor.fetchall()
        return now

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(self._url, application_name="truestep, reset")
            self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                limit_ms = int(scaled(_LOCKED_WITHIN_S) * 1000)
                cursor.execute(sql.SQL(_SESSION).format(sql.Literal(limit_ms)))
        return self._connection

    def _blocked(self, connection: Connection, catalog: Catalog) -> ServiceError:
        blockers = find_blockers(connection, [*catalog.tables, *catalog.sequences])
        seen = f"a lock on a table was not to be had within {scaled(_LOCKED_WITHIN_S):g} s"
        if not blockers:
            return self._locked(seen, "whoever kept it is gone now", self._url)
        first = blockers[0]
        others = f"; {len(blockers) - 1} more sessions keep locks" if len(blockers) > 1 else ""
        when = "at an unknown time" if first.began is None else self._began_during(first.began)
        return self._locked(
            str(first) + others, f"it began {when}", f"its locks: {', '.join(first.tables)}"
        )
