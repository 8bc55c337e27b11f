"""Bringing a database back to what it held before the first scenario, and waiting for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.polling import scaled
from truestep.services.postgres.blockers import Blocker, find_blockers
from truestep.services.postgres.catalog import Catalog, Position, prepare_catalog, read_catalog
from truestep.services.postgres.changes import SESSION, TableRows, Tables, lines_of, name_of
from truestep.services.postgres.contents import (
    EMPTY,
    Baseline,
    Contents,
    fill,
    look,
    take_baseline,
)

_LOCKED_WITHIN_S = 2.0
_NOT_EMPTIED = "postgres could not be emptied for this scenario"
# What rows look like as text must not depend on how the database is configured.
_SESSION = f"SET lock_timeout = {{}}; {SESSION}"
# Identities are set like other sequences: RESTART IDENTITY would make a new file for each.
_TRUNCATE = "TRUNCATE {}"
# No trigger of the application's fires, neither here nor when rows are put back. It takes a
# superuser.
_UNNOTICED = "SET LOCAL session_replication_role = replica; "


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
        self._truncating = _TRUNCATE

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
            try:
                return self._empty(connection)
            except errors.DeadlockDetected:
                # The server has ended our transaction, so that the other one could go on.
                return self._empty(connection)
        except psycopg2.Error as error:
            if connection.closed:
                raise
            raise ServiceError(
                _NOT_EMPTIED,
                seen=str(error).strip(),
                looked=self._url,
                remedy="check the permissions of its user, and the triggers of its tables",
            ) from error

    def kept(self) -> Tables:
        """Returns the rows that no scenario has put there, of each table that has any."""
        if self._baseline is None:
            return {}
        entries = read_catalog(self._connected()).tables
        columns = self._baseline.columns
        return {
            name_of(entries[oid]): TableRows(tuple(columns[oid]), (), lines_of(copied))
            for oid, copied in self._baseline.rows.items()
            if oid in entries
        }

    def close(self) -> None:
        """Disconnects."""
        if self._connection:
            self._connection.close()

    def _empty(self, connection: Connection) -> datetime:
        with self._naming_blockers(connection, None):
            catalog = read_catalog(connection)
            if self._baseline is None:
                self._baseline = take_baseline(connection, catalog)
            contents = look(connection, catalog, self._baseline.rows)
        todo = _compare(catalog, contents, self._baseline)
        # Statements that are sent together are one transaction, and one question.
        together: list[sql.Composable] = []
        if todo.emptied:
            tables = sql.SQL(", ").join(catalog.tables[oid].source for oid in todo.emptied)
            together.append(sql.SQL(self._truncating).format(tables))
        views = [catalog.tables[oid].identifier for oid in todo.refreshed]
        refreshing = [sql.SQL("REFRESH MATERIALIZED VIEW {}").format(view) for view in views]
        with (
            self._naming_blockers(connection, todo.locked),
            ExitStack() as stack,
            connection.cursor() as own,
        ):
            if todo.filled:
                stack.enter_context(connection)
                own.execute(sql.SQL("; ").join(together))
                together.clear()
                for oid in todo.filled:
                    fill(connection, catalog.tables[oid], self._baseline)
            together += [*refreshing, _set_positions(todo.positions)]
            own.execute(sql.SQL("; ").join(together))
            [(now, *_)] = own.fetchall()
        return cast("datetime", now)

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(self._url, application_name="truestep, reset")
            self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                limit_ms = int(scaled(_LOCKED_WITHIN_S) * 1000)
                cursor.execute(sql.SQL(_SESSION).format(sql.Literal(limit_ms)))
                cursor.execute("SELECT current_setting('is_superuser') = 'on'")
                may = cursor.fetchall() == [(True,)]
            self._truncating = _UNNOTICED + _TRUNCATE if may else _TRUNCATE
            prepare_catalog(self._connection)
        return self._connection

    @contextmanager
    def _naming_blockers(
        self, connection: Connection, oids: Iterable[int] | None
    ) -> Iterator[None]:
        """Of a lock on one of these that is not to be had; None: one for reading any of them."""
        try:
            yield
        except errors.LockNotAvailable as error:
            blockers = find_blockers(connection, oids)
            raise self._blocked(blockers) from error

    def _blocked(self, blockers: Sequence[Blocker]) -> ServiceError:
        limit = f"{scaled(_LOCKED_WITHIN_S):g} s"
        if not blockers:
            return ServiceError(
                _NOT_EMPTIED,
                seen=f"a lock was not to be had within {limit}, and nobody keeps it any more",
                looked=self._url,
                remedy="run it again, and look for transactions that take as long as that",
            )
        first = blockers[0]
        began = "at an unknown time" if first.began is None else self._began_during(first.began)
        others = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
        return ServiceError(
            _NOT_EMPTIED,
            seen=f"{first}{others}",
            looked=f"who keeps locks on {', '.join(first.tables)}, after waiting for {limit};"
            f" that transaction began {began}",
            remedy="commit it, roll it back or close its connection, where it was opened",
        )


@dataclass(frozen=True)
class _Todo:
    """What has to be done, by oid, in this order; `locked` is what somebody else may keep."""

    emptied: Sequence[int]
    filled: Sequence[int]
    refreshed: Sequence[int]
    positions: Mapping[int, Position]
    locked: Sequence[int]


def _compare(catalog: Catalog, contents: Contents, baseline: Baseline) -> _Todo:
    changed = [
        oid
        for oid, seen in contents.tables.items()
        if oid in catalog.written or seen != baseline.tables.get(oid, EMPTY)
    ]
    views = sorted(oid for oid in changed if catalog.tables[oid].is_view)
    # With those that refer to them, as TRUNCATE asks for; CASCADE would not tell which.
    emptied = catalog.with_referring(set(changed) - set(views))
    positions = {
        oid: wanted
        for oid, one in catalog.sequences.items()
        if contents.sequences[oid] != (wanted := baseline.position(one)) or one.owner in emptied
    }
    alone = [oid for oid in positions if catalog.sequences[oid].owner not in emptied]
    filled = catalog.referred_first(emptied & baseline.rows.keys())
    return _Todo(sorted(emptied), filled, views, positions, [*sorted(emptied), *views, *alone])


def _set_positions(wanted: Mapping[int, Position]) -> sql.Composed:
    """Returns a query that does so, and tells the server's time."""
    calls = [
        sql.SQL("setval({}::regclass, {}, {})").format(
            *map(sql.Literal, (oid, position.value, position.called))
        )
        for oid, position in wanted.items()
    ]
    return sql.SQL("SELECT ") + sql.SQL(", ").join([sql.SQL("clock_timestamp()"), *calls])
