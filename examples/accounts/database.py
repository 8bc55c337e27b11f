"""Connections to PostgreSQL, reused from one transaction to the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

_CONNECTS_WITHIN_S = 5


class Database:
    """Lends connections, `size` at the most; whoever needs one more waits.

    Args:
        url: a PostgreSQL URL.
        name: what the server shows for these connections in its list of activities.
        size: how many connections there are at most.
    """

    def __init__(self, url: str, *, name: str, size: int) -> None:
        self._url = url
        self._name = name
        self._slots = BoundedSemaphore(size)
        self._idle: deque[Any] = deque()

    @contextmanager
    def transaction(self) -> Iterator[RealDictCursor]:
        """Gives a cursor whose rows are dictionaries; commits at the end, or rolls back.

        Raises:
            psycopg2.OperationalError: the database cannot be reached.
        """
        with self._slots:
            connection = self._idle.pop() if self._idle else self._connect()
            try:
                with connection, connection.cursor() as cursor:
                    yield cursor
            except psycopg2.OperationalError:
                # The others are as old as this one: a server that restarted knows none of them.
                connection.close()
                self.close()
                raise
            finally:
                if not connection.closed:
                    self._idle.append(connection)

    def close(self) -> None:
        """Closes the connections that nobody uses now."""
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> Any:
        return psycopg2.connect(
            self._url,
            application_name=self._name,
            connect_timeout=_CONNECTS_WITHIN_S,
            cursor_factory=RealDictCursor,
        )
