"""Reset isolation on PostgreSQL: one database that an application keeps, emptied each time."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, suppress
from datetime import datetime
from urllib.parse import unquote, urlsplit

import psycopg2

from truestep.errors import ResetRefusedError
from truestep.evidence import Snapshot
from truestep.services.base import Endpoint, RunContext, SharedPlace
from truestep.services.postgres.changes import changed_rows, read_tables
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.emptying import Emptying
from truestep.services.postgres.url import with_database

# The server cuts longer names without a word.
_LONGEST_NAME = 63


class SharedDatabase(SharedPlace):
    """Before each scenario, empties the tables that earlier ones have filled.

    Schema, migrations and reference data stay: what has rows when the first scenario enters is
    kept, and put back when a scenario has changed it.

    Args:
        endpoint: the server, with a user who may create databases when `name` is given.
        context: the run.
        name: the application that gets a database of its own; None when the endpoint's URL names
            the database, which is then neither made nor dropped.
        may_reset: whether its tables may be emptied.
    """

    def __init__(
        self, endpoint: Endpoint, context: RunContext, name: str | None, *, may_reset: bool
    ) -> None:
        self._context = context
        self._may_reset = may_reset
        self._databases = Databases(endpoint, context.run_id)
        self._made = None if name is None else _database_name(context.run_id, name)
        self._url = endpoint.url if self._made is None else with_database(endpoint.url, self._made)
        self._emptying = Emptying(self._url, self._began_during)
        self._entered: list[tuple[datetime, str]] = []

    @property
    def url(self) -> str:
        """The URL of the database."""
        return self._url

    def prepare(self) -> None:
        """Makes the application's database, empty: its own migrations fill it.

        Raises:
            ServiceError: the server refuses.
        """
        if self._made is not None:
            self._databases.create(self._made, of="template1")

    def enter(self, scenario_id: str) -> PostgresClient:
        """Empties what earlier scenarios have filled, and returns a client on the database.

        Raises:
            ResetRefusedError: the database is not ours to empty.
            ServiceError: a transaction that was left open keeps us from it.
        """
        if not self._may_reset:
            raise ResetRefusedError(
                "postgres is not emptied for this scenario",
                seen="its database was not made by this run",
                looked=self._url,
                remedy="write `allow_reset = yes` in [service.postgres] if all its tables may be"
                " emptied",
            )
        self._entered.append((self._emptying.empty(), scenario_id))
        database = unquote(urlsplit(self._url).path.removeprefix("/"))
        return PostgresClient(self._url, database, scenario_id, root=self._context.root)

    def snapshot(self, client: PostgresClient) -> Snapshot:
        """Returns the rows that the scenario has changed."""
        return changed_rows(self._emptying.kept(), read_tables(client.url))

    def leave(self, client: PostgresClient) -> None:
        """Closes the client's connections; what the scenario left can still be looked at."""
        client.close()

    def close(self) -> None:
        """Drops the database, if it was made; else empties what the last scenario left."""
        with ExitStack() as stack:
            stack.callback(self._databases.close)
            if self._made is not None:
                stack.callback(self._databases.drop, self._made)
            stack.callback(self._emptying.close)
            if self._made is None and self._entered:
                # The next run would take it for reference data. A server that is gone has none.
                with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                    self._emptying.empty()

    def _began_during(self, moment: datetime) -> str:
        before = [scenario_id for began, scenario_id in self._entered if began <= moment]
        if not before:
            return "before the first scenario"
        return f"in the scenario {self._context.scenarios.get(before[-1], before[-1])}"


def _database_name(run_id: str, name: str) -> str:
    whole = f"truestep_{run_id}_{name}"
    if len(whole.encode()) <= _LONGEST_NAME:
        return whole
    return f"truestep_{run_id}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
