"""Private isolation on PostgreSQL: each scenario has a database that is a copy of a template."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.evidence import Snapshot
from truestep.services.ahead import Ahead, Work
from truestep.services.base import CanSweep, Endpoint, Isolation
from truestep.services.postgres.client import PostgresClient, steps_connection
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.template import Template
from truestep.services.postgres.url import with_database

if TYPE_CHECKING:
    from truestep.services.postgres.changes import Tables

# Each takes some 8 MB, in memory as a rule.
_READY = 3
_LEFT = 4


@dataclass(frozen=True)
class _Ready:
    """A database that nobody has used yet, and an open connection to it."""

    name: str
    url: str
    connection: Connection

    def unused(self) -> str:
        """Closes the connection and returns the name."""
        self.connection.close()
        return self.name


class PrivateDatabases(Isolation, CanSweep):
    """Has copies of a template made ahead, which has the schema, and drops them behind.

    Every name carries the run's id; no other database is ever touched.

    Args:
        endpoint: the server, with a user who may create databases.
        run_id: the run's id.
        root: the folder that paths of SQL files start from.
        schema: the SQL files to load into the template, in order.
        is_ours: whether Truestep has started the server: then the template is made at once, and
            left there for others that have the same schema. On another server nothing is made
            before the first `enter`, nor left.
        to_come: tells how many scenarios are still to enter, at most.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        run_id: str,
        *,
        root: Path,
        schema: Sequence[Path],
        is_ours: bool,
        to_come: Callable[[], int] = lambda: sys.maxsize,
    ) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
        self._root = root
        # Random too: servers of one run with different lifetimes may be one and the same.
        self._prefix = f"truestep_{run_id}_{secrets.token_hex(3)}"
        self._databases = Databases(endpoint, run_id)
        own = None if is_ours else self._prefix
        self._template = Template(self._databases, endpoint, root=root, schema=schema, own=own)
        self._is_ours = is_ours
        self._to_come = to_come
        self._lock = threading.Lock()
        self._copies: Ahead[_Ready, str] | None = None
        self._numbers = count(1)
        # Of the template, which never changes; read when the first scenario has failed.
        self._before: Tables | None = None

    def prepare(self) -> None:
        """Makes the template, on a server of ours.

        Raises:
            ServiceError: the server refuses, or a schema file has an error.
        """
        if self._is_ours:
            self._ready()

    def enter(self, scenario_id: str) -> PostgresClient:
        """Returns a client, connected, on a copy of the template.

        Raises:
            ServiceError: the server refuses, or a schema file has an error.
        """
        copies = self._ready()
        made = copies.take()
        client = PostgresClient(made.url, made.name, scenario_id, root=self._root)
        try:
            client.adopt(made.connection)
        except psycopg2.Error:
            copies.give_back(made.unused())
            raise
        return client

    def snapshot(self, client: PostgresClient) -> Snapshot:
        """Returns the rows that the scenario has changed."""
        # Imported late: only a scenario that has failed is looked into.
        from truestep.services.postgres.changes import changed_rows, read_tables

        if self._before is None:
            name = f"{self._prefix}_before"
            self._databases.create(name, of=self._template.name)
            try:
                self._before = read_tables(with_database(self._endpoint.url, name))
            finally:
                self._databases.drop(name)
        return changed_rows(self._before, read_tables(client.url))

    def leave(self, client: PostgresClient) -> None:
        """Closes the client's connections and has its database dropped, soon."""
        copies = self._ready()
        is_alive = client.answers()
        client.close()
        # Of a server that has died, the scenario is told.
        drop = copies.give_back if is_alive else self._drop
        drop(client.database)

    def sweep(self, run_id: str) -> None:
        """Drops the databases of a run that was killed, whoever is connected to them."""
        # Over a connection of its own: this isolation need not be in use, nor be closed.
        with closing(Databases(self._endpoint, self._run_id)) as databases:
            databases.sweep(run_id)

    def close(self) -> None:
        """Drops all that was made, but what others may use."""
        with ExitStack() as stack:
            stack.callback(self._databases.close)
            stack.callback(self._template.close)
            if self._copies:
                stack.callback(self._copies.close)

    def abandon(self) -> None:
        """Disconnects; the databases go with the server."""
        with ExitStack() as stack:
            stack.callback(self._databases.close)
            if self._copies:
                stack.callback(self._copies.stop)

    def _ready(self) -> Ahead[_Ready, str]:
        # Scenarios that run side by side enter from threads of their own.
        with self._lock:
            if self._copies is None:
                self._template.make()
                self._copies = Ahead(
                    Work(
                        "truestep databases",
                        make=lambda _: [self._make()],
                        drop=lambda names: self._drop(*names),
                        used=_Ready.unused,
                        errors=(psycopg2.Error, ServiceError),
                        ready=_READY,
                        left=_LEFT,
                        to_come=self._to_come,
                    )
                )
            return self._copies

    def _make(self) -> _Ready:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._databases.create(name, of=self._template.name)
        url = with_database(self._endpoint.url, name)
        try:
            return _Ready(name, url, steps_connection(url))
        except psycopg2.Error:
            self._ready().give_back(name)
            raise

    def _drop(self, name: str) -> None:
        self._databases.end_sessions(name)
        self._databases.drop(name)
