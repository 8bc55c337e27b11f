"""Private isolation on PostgreSQL: each scenario has a database cloned from a template."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.polling import pause, pauses
from truestep.services.base import Endpoint, Isolation
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.sql_file import run_sql_file
from truestep.services.postgres.url import with_database

# Copying files beats writing every page to the log, which is the default since this version.
_FILE_COPY_SINCE = 15_00_00
# Only our own user's: ending the server's own workers takes rights that we may not have.
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND usename = current_user
"""
# After that DROP DATABASE tries, and says who is still connected.
_END_WITHIN_S = 5.0


class PrivateDatabases(Isolation):
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
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def prepare(self) -> None:
        """Makes the template and loads the schema files into it.

        Raises:
            ServiceError: the server refuses, or a schema file has an error.
        """
        self._create(self._template, of="template1")
        url = with_database(self._endpoint.url, self._template)
        with closing(psycopg2.connect(url)) as connection:
            for path in self._schema:
                run_sql_file(connection, self._root, path, error_type=ServiceError)
        # A database cannot be cloned while anybody is connected to it.
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", self._template)

    def enter(self, scenario_id: str) -> PostgresClient:
        """Returns a client on a new clone of the template."""
        name = f"{self._template}_{scenario_id}"
        self._create(name, of=self._template)
        return PostgresClient(with_database(self._endpoint.url, name), name, root=self._root)

    def leave(self, client: PostgresClient) -> None:
        """Closes the client's connections and drops its database, whoever is connected to it."""
        client.close()
        self._end_sessions(client.database)
        self._drop(client.database)

    def close(self) -> None:
        """Drops the template."""
        self._drop(self._template)
        with self._lock:
            if self._connection:
                self._connection.close()

    def _create(self, name: str, *, of: str) -> None:
        strategy = " STRATEGY FILE_COPY" if self._version() >= _FILE_COPY_SINCE else ""
        self._execute("CREATE DATABASE {} TEMPLATE {}" + strategy, name, of)

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _end_sessions(self, name: str) -> None:
        """Waits until the server has noticed that our connections to the database are closed.

        DROP DATABASE would do so too, but it looks only every 100 ms.
        """
        give_up = time.monotonic() + _END_WITHIN_S
        for seconds in pauses():
            with self._lock, self._admin().cursor() as cursor:
                cursor.execute(_END_SESSIONS, (name,))
                if not cursor.fetchall() or time.monotonic() > give_up:
                    return
            pause(seconds)

    def _version(self) -> int:
        with self._lock:
            return self._admin().server_version

    def _execute(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        # Scenarios that run side by side enter and leave from threads of their own.
        with self._lock:
            connection = self._admin()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(query)
            except psycopg2.Error as error:
                if connection.closed:
                    raise
                raise ServiceError(
                    f"postgres refused: {query.as_string(connection)}",
                    seen=str(error).strip(),
                    looked=self._endpoint.url,
                    remedy="check the permissions of the user in postgres.url, and the disk space",
                ) from error

    def _admin(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(self._endpoint.url)
            self._connection.autocommit = True
        return self._connection
