"""Private isolation on PostgreSQL: each scenario has a database cloned from a template."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg2

from truestep.errors import ServiceError
from truestep.evidence import Snapshot
from truestep.services.base import CanSweep, Endpoint, Isolation
from truestep.services.postgres.changes import Tables, changed_rows, read_tables
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.sql_file import run_sql_file
from truestep.services.postgres.url import with_database


class PrivateDatabases(Isolation, CanSweep):
    """Makes a template database with the schema, and clones it for each scenario.

    Every name carries the run's id; no other database is ever touched.

    Args:
        endpoint: the server, with a user who may create databases.
        run_id: the run's id.
        root: the folder that paths of SQL files start from.
        schema: the SQL files to load into the template, in order.
    """

    def __init__(
        self, endpoint: Endpoint, run_id: str, *, root: Path, schema: Sequence[Path]
    ) -> None:
        self._endpoint = endpoint
        self._root = root
        self._schema = schema
        # Random too: servers of one run with different lifetimes may be one and the same.
        self._template = f"truestep_{run_id}_{secrets.token_hex(3)}"
        self._databases = Databases(endpoint, run_id)
        # Of the template, which never changes; read when the first scenario has failed.
        self._before: Tables | None = None

    def prepare(self) -> None:
        """Makes the template and loads the schema files into it.

        Raises:
            ServiceError: the server refuses, or a schema file has an error.
        """
        self._databases.create(self._template, of="template1")
        url = with_database(self._endpoint.url, self._template)
        with closing(psycopg2.connect(url)) as connection:
            for path in self._schema:
                run_sql_file(connection, self._root, path, error_type=ServiceError)
        # A database cannot be cloned while anybody is connected to it.
        self._databases.refuse_connections(self._template)

    def enter(self, scenario_id: str) -> PostgresClient:
        """Returns a client on a new clone of the template."""
        name = f"{self._template}_{scenario_id}"
        self._databases.create(name, of=self._template)
        url = with_database(self._endpoint.url, name)
        return PostgresClient(url, name, scenario_id, root=self._root)

    def snapshot(self, client: PostgresClient) -> Snapshot:
        """Returns the rows that the scenario has changed."""
        if self._before is None:
            name = f"{self._template}_before"
            self._databases.create(name, of=self._template)
            try:
                self._before = read_tables(with_database(self._endpoint.url, name))
            finally:
                self._databases.drop(name)
        return changed_rows(self._before, read_tables(client.url))

    def leave(self, client: PostgresClient) -> None:
        """Closes the client's connections and drops its database, whoever is connected to it."""
        client.close()
        self._databases.end_sessions(client.database)
        self._databases.drop(client.database)

    def sweep(self, run_id: str) -> None:
        """Drops the databases of a run that was killed, whoever is connected to them."""
        self._databases.sweep(run_id)

    def close(self) -> None:
        """Drops the template."""
        self._databases.drop(self._template)
        self._databases.close()
