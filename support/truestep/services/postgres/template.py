"""The template: a database that nobody connects to, which scenarios get copies of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2

from truestep.errors import ServiceError
from truestep.services.base import Endpoint
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.sql_file import read_sql_file, run_sql
from truestep.services.postgres.url import with_database

_EMPTY = "template1"


class Template:
    """A database with the schema.

    Args:
        databases: makes and drops it.
        endpoint: the server.
        root: the folder that paths of SQL files start from.
        schema: the SQL files to load into it, in order.
        own: its name, when it is for this run alone and goes away in the end. Else it stays, for
            all who have the same schema: it is named after what the files say.
    """

    def __init__(
        self,
        databases: Databases,
        endpoint: Endpoint,
        *,
        root: Path,
        schema: Sequence[Path],
        own: str | None,
    ) -> None:
        self._databases = databases
        self._endpoint = endpoint
        self._root = root
        self._schema = schema
        self._own = own
        self._is_made = False
        self.name = own or _EMPTY

    def make(self) -> None:
        """Makes it, if it is not there.

        Raises:
            ServiceError: the server refuses, or a schema file has an error.
        """
        files = [(path, read_sql_file(self._root, path, ServiceError)) for path in self._schema]
        if self._own:
            self._load(files)
        elif files:
            said = "\0".join(text for _, text in files)
            self.name = f"truestep_template_{hashlib.sha256(said.encode()).hexdigest()[:16]}"
            with self._databases.one_at_a_time(self.name):
                if not self._databases.is_sealed(self.name):
                    # What there may be is half of one, of a run that was killed.
                    self._databases.drop(self.name)
                    self._load(files)

    def close(self) -> None:
        """Drops it, if it is for this run alone."""
        if self._own and self._is_made:
            self._databases.drop(self._own)

    def _load(self, files: Sequence[tuple[Path, str]]) -> None:
        with ExitStack() as undo:
            self._databases.create(self.name, of=_EMPTY)
            undo.callback(self._databases.drop, self.name)
            url = with_database(self._endpoint.url, self.name)
            with closing(psycopg2.connect(url)) as connection:
                for path, text in files:
                    run_sql(connection, text, self._root / path, path, ServiceError)
            # A database cannot be copied while anybody is connected to it.
            self._databases.seal(self.name)
            undo.pop_all()
        self._is_made = True
