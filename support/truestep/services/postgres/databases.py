"""Making and dropping databases on one server."""

from __future__ import annotations

import threading
import time

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.polling import pause, pauses
from truestep.services.base import Endpoint

# Copying files beats writing every page to the log, which is the default since this version.
_FILE_COPY_SINCE = 15_00_00
# Only our own user's: ending the server's own workers takes rights that we may not have.
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND usename = current_user
"""
# After that DROP DATABASE tries, and says who is still connected.
_END_WITHIN_S = 5.0


class Databases:
    """The databases of a server, over one connection that all threads share.

    Args:
        endpoint: the server, with a user who may create databases.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def create(self, name: str, *, of: str) -> None:
        """Makes a database as a copy of another one, which nobody may be connected to.

        Raises:
            ServiceError: the server refuses.
        """
        with self._lock:
            version = self._admin().server_version
        strategy = " STRATEGY FILE_COPY" if version >= _FILE_COPY_SINCE else ""
        self._execute("CREATE DATABASE {} TEMPLATE {}" + strategy, name, of)

    def refuse_connections(self, name: str) -> None:
        """Lets nobody connect to a database any more."""
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)

    def drop(self, name: str) -> None:
        """Drops a database, if it is there, whoever is connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def end_sessions(self, name: str) -> None:
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

    def close(self) -> None:
        """Disconnects."""
        with self._lock:
            if self._connection:
                self._connection.close()

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
