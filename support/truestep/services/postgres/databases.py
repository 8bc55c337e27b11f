"""Making and dropping databases on one server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.polling import pause, pauses
from truestep.services.base import Endpoint

# Copying files beats writing every page to the log, which is the default since this version.
_FILE_COPY_SINCE = 15_00_00
# Only our own user's: ending the server's own workers takes rights that we may not have.
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE {} = %s AND usename = current_user AND pid <> pg_backend_pid()
"""
_OF_RUN = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
_CAPABLE = "SELECT current_user, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
_SEALED = "SELECT FROM pg_database WHERE datname = %s AND NOT datallowconn"
# Other users' locks are theirs: this number is ours.
_LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 7245630))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 7245630))"
# After that DROP DATABASE tries, and says who is still connected.
_END_WITHIN_S = 5.0


class Databases:
    """The databases of a server, over one connection that all threads share.

    Args:
        endpoint: the server, with a user who may create databases.
        run_id: the run's id, which the name of each database carries that it makes.
    """

    def __init__(self, endpoint: Endpoint, run_id: str) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
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

    def seal(self, name: str) -> None:
        """Lets nobody connect to a database any more, so that it can be copied at any time."""
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)

    def is_sealed(self, name: str) -> bool:
        """Tells whether there is such a database, and it is sealed."""
        return bool(self._ask(_SEALED, name))

    def drop(self, name: str) -> None:
        """Drops a database, if it is there, whoever is connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def end_sessions(self, name: str) -> None:
        """Waits until the server has noticed that our connections to the database are closed.

        DROP DATABASE would do so too, but it looks only every 100 ms.
        """
        self._end_sessions("datname", name)

    def sweep(self, run_id: str) -> None:
        """Drops all databases of another run, whose process is gone."""
        # A server goes on with what a client that is gone has asked for: a last clone.
        self._end_sessions("application_name", _application(run_id))
        for (name,) in self._ask(_OF_RUN, f"truestep_{run_id}_"):
            self.end_sessions(name)
            self.drop(name)

    @contextmanager
    def one_at_a_time(self, what: str) -> Iterator[None]:
        """Keeps other runs on this server from doing the same meanwhile."""
        self._ask(_LOCK, what)
        try:
            yield
        finally:
            self._ask(_UNLOCK, what)

    def close(self) -> None:
        """Disconnects."""
        with self._lock:
            if self._connection:
                self._connection.close()

    def _end_sessions(self, column: str, value: str) -> None:
        query = sql.SQL(_END_SESSIONS).format(sql.Identifier(column))
        give_up = time.monotonic() + _END_WITHIN_S
        for seconds in pauses():
            if not self._ask(query, value) or time.monotonic() > give_up:
                return
            pause(seconds)

    def _ask(self, query: str | sql.Composed, value: str) -> list[tuple[str]]:
        with self._lock, self._admin().cursor() as cursor:
            cursor.execute(query, (value,))
            return cursor.fetchall()

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
                if isinstance(error, errors.InsufficientPrivilege):
                    self._refuse_incapable()
                raise ServiceError(
                    f"postgres refused: {query.as_string(connection)}",
                    seen=str(error).strip(),
                    looked=self._endpoint.url,
                    remedy="check the permissions of the user in postgres.url, and the disk space",
                ) from error

    def _refuse_incapable(self) -> None:
        with self._admin().cursor() as cursor:
            cursor.execute(_CAPABLE)
            [(user, may_create)] = cursor.fetchall()
        if not may_create:
            raise ServiceError(
                "postgres does not let us make a database for each scenario",
                seen=f'the user "{user}" has no CREATEDB permission',
                looked=self._endpoint.url,
                remedy=f'let an administrator run: ALTER ROLE "{user}" CREATEDB',
            )

    def _admin(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(
                self._endpoint.url, application_name=_application(self._run_id)
            )
            self._connection.autocommit = True
        return self._connection


def _application(run_id: str) -> str:
    return f"truestep {run_id}, databases"
