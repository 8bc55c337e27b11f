"""What a scenario's steps talk to PostgreSQL by."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import StepUsageError
from truestep.services.postgres.sql_file import run_sql_file

if TYPE_CHECKING:
    from truestep.services.postgres.table import Table


class PostgresClient:
    """One scenario's database.

    Args:
        url: the URL of that database, for code under test.
        database: its name.
        scenario_id: whose sessions these are; the server shows it as their `application_name`.
        root: the folder that paths of SQL files start from.
    """

    def __init__(self, url: str, database: str, scenario_id: str, *, root: Path) -> None:
        self.url = url
        self.database = database
        self._name = f"truestep {scenario_id}"
        self._root = root
        self._own: Connection | None = None
        self._given: list[Connection] = []

    @property
    def connection(self) -> Connection:
        """The steps' own connection, in autocommit: a step sees at once what another committed.

        It never waits longer than 5 s for a lock, so that a leaked transaction fails a step
        rather than hangs it.
        """
        if self._own is None or self._own.closed:
            self._own = steps_connection(self.url)
            self._begin(self._own)
        return self._own

    def connect(self) -> Connection:
        """Returns a new ordinary connection, for code under test; closed when the scenario ends."""
        connection = self._connect("code under test")
        self._given.append(connection)
        return connection

    def table(self, name: str) -> Table:
        """Returns the table `name`, or `schema.name`.

        Raises:
            StepUsageError: there is none, naming the nearest one.
        """
        # Imported late: it takes the matchers, which a scenario with SQL of its own does not.
        from truestep.services.postgres.table import Table

        return Table(self.connection, name)

    def run_file(self, path: str) -> None:
        """Runs a file of SQL statements as one transaction.

        Raises:
            StepUsageError: it cannot be read, or the server refuses a statement.
        """
        # Its own connection: what a dump sets for its session must not outlive it.
        with closing(self._connect("file")) as connection:
            run_sql_file(connection, self._root, Path(path), error_type=StepUsageError)

    def adopt(self, connection: Connection) -> None:
        """Takes `connection`, made by `steps_connection`, for the steps' own.

        If it was closed at its other end while it waited, takes a new one.

        Raises:
            psycopg2.Error: there is none to be had.
        """
        try:
            self._begin(connection)
            self._own = connection
        except psycopg2.Error:
            connection.close()
            self._own = steps_connection(self.url)
            self._begin(self._own)

    def answers(self) -> bool:
        """Tells whether the steps' connection has one that answers at its other end."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return False
        return True

    def close(self) -> None:
        """Closes every connection that this client made, or was given."""
        for connection in [*self._given, *([self._own] if self._own else [])]:
            connection.close()
        self._given.clear()

    def _begin(self, connection: Connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SET application_name = %s; SET lock_timeout = '5s'", (f"{self._name}, steps",)
            )

    def _connect(self, whose: str) -> Connection:
        return psycopg2.connect(self.url, application_name=f"{self._name}, {whose}")


def steps_connection(url: str) -> Connection:
    """Returns a new connection in autocommit, for a client that is made later."""
    connection = psycopg2.connect(url, application_name="truestep, ready")
    connection.autocommit = True
    return connection
