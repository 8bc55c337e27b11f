"""Databases made ahead of the scenarios that use them, and dropped behind them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ServiceError
from truestep.services.base import Endpoint
from truestep.services.postgres.client import steps_connection
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.url import with_database

# Each takes some 8 MB, in memory as a rule.
_READY = 3
_USED = 4
# A scenario that begins or ends has the machine to itself first, if there is no hurry.
_QUIET_S = 0.01
_CLOSES_WITHIN_S = 30.0
_ERRORS = (psycopg2.Error, ServiceError)


@dataclass(frozen=True)
class Ready:
    """A database that nobody has used yet, and an open connection to it."""

    name: str
    url: str
    connection: Connection


class ReadyDatabases:
    """Copies of one database, made ahead by a thread that does one thing at a time.

    So a scenario waits for none, and has at most one busy process of the server beside it. What
    goes wrong in the thread is told where it matters: who finds no database ready makes one, and
    who closes drops what is left, by the same statements, and gets the same error.

    Args:
        databases: makes and drops them.
        endpoint: the server.
        source: the database that they are copies of, which nobody is connected to.
        prefix: what their names begin with.
    """

    def __init__(self, databases: Databases, endpoint: Endpoint, source: str, prefix: str) -> None:
        self._databases = databases
        self._endpoint = endpoint
        self._source = source
        self._names = (f"{prefix}_{number}" for number in count(1))
        self._changed = threading.Condition()
        self._ready: deque[Ready] = deque()
        self._used: deque[str] = deque()
        # Grows with the scenarios: a run of one scenario makes one too many at the most.
        self._wanted = 1
        self._has_stopped = False
        self._is_closing = False
        self._quiet_from = 0.0
        # A daemon: what nobody has closed must not keep the interpreter alive.
        self._thread = threading.Thread(target=self._work, daemon=True, name="truestep databases")
        self._thread.start()

    def take(self) -> Ready:
        """Returns a database, after waiting for one if none is ready.

        Raises:
            psycopg2.Error, ServiceError: none can be made.
        """
        with self._changed:
            self._go_on()
            while not self._ready and not self._has_stopped:
                self._changed.wait()
            self._wanted = min(self._wanted + 1, _READY)
            self._changed.notify_all()
            if self._ready:
                return self._ready.popleft()
        return self._make()

    def give_back(self, name: str) -> None:
        """Has a database dropped soon, whoever is connected to it."""
        with self._changed:
            self._used.append(name)
            self._go_on()

    def drop(self, name: str) -> None:
        """Drops a database, whoever is connected to it.

        Raises:
            psycopg2.Error, ServiceError: the server does not.
        """
        self._databases.end_sessions(name)
        self._databases.drop(name)

    def close(self) -> None:
        """Drops all but those that are taken and not given back; safe to call again.

        Raises:
            psycopg2.Error, ServiceError: of the last that could not be dropped.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(_CLOSES_WITHIN_S)
        with ExitStack() as stack:
            for ready in self._ready:
                ready.connection.close()
            for name in [*self._used, *(ready.name for ready in self._ready)]:
                stack.callback(self.drop, name)
            self._used.clear()
            self._ready.clear()

    def _go_on(self) -> None:
        self._has_stopped = self._is_closing
        self._quiet_from = time.monotonic() + _QUIET_S
        self._changed.notify_all()

    def _work(self) -> None:
        try:
            while task := self._next():
                try:
                    task()
                except _ERRORS:
                    self._stop()
        finally:
            self._stop()

    def _stop(self) -> None:
        with self._changed:
            self._has_stopped = True
            self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        """Waits for the next thing to do; returns None when there will be none."""
        with self._changed:
            while not self._is_closing:
                hurry = not self._ready or len(self._used) > _USED
                until_s = 0.0 if hurry else self._quiet_from - time.monotonic()
                task = None if self._has_stopped else self._due()
                if task and until_s <= 0:
                    return task
                self._changed.wait(until_s if task else None)
            return None

    def _due(self) -> Callable[[], None] | None:
        if len(self._used) <= _USED and len(self._ready) < self._wanted:
            return self._make_one
        return self._drop_one if self._used else None

    def _make_one(self) -> None:
        made = self._make()
        with self._changed:
            self._ready.append(made)
            self._changed.notify_all()

    def _drop_one(self) -> None:
        self.drop(self._used[0])
        self._used.popleft()

    def _make(self) -> Ready:
        with self._changed:
            name = next(self._names)
        self._databases.create(name, of=self._source)
        url = with_database(self._endpoint.url, name)
        try:
            return Ready(name, url, steps_connection(url))
        except psycopg2.Error:
            self._used.append(name)
            raise
