"""Private isolation on Redis: each scenario leases a database of its own."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import redis

from truestep.errors import ServiceError
from truestep.evidence import Snapshot
from truestep.services.ahead import Ahead, Work
from truestep.services.base import CanSweep, CanTravel, Endpoint, Isolation
from truestep.services.redis.client import connect
from truestep.services.redis.leases import Leases, database_of, sweep
from truestep.services.redis.snapshot import keys_of

# Where there are fewer, one that is leased in advance could be the last one for another run.
_PLENTY = 64


class LeasedDatabases(Isolation, CanTravel, CanSweep):
    """Leases databases, so that concurrent runs on one server never meet.

    A client and its connection serve one scenario alone: nothing that can be done to them, or be
    kept of them, reaches the next one. So they are made ahead.
    """

    def __init__(self, endpoint: Endpoint, run_id: str) -> None:
        self._endpoint = endpoint
        self._leases = Leases(endpoint, run_id)
        self._clients: Ahead[redis.Redis, redis.Redis] | None = None

    def prepare(self) -> None:
        """Learns how many databases the server has."""
        if self._leases.count() < _PLENTY:
            return
        self._clients = Ahead(
            Work(
                "truestep redis databases",
                make=lambda _: [self._make()],
                drop=lambda clients: self._drop(*clients),
                used=lambda client: client,
                errors=(redis.RedisError, ServiceError),
                ready=2,
                left=2,
            )
        )

    def enter(self, scenario_id: str) -> redis.Redis:  # noqa: ARG002  # the promise of Isolation
        """Returns a client (text answers) on a database that is empty and ours alone.

        Raises:
            ServiceError: no database is free.
        """
        self._leases.raise_if_gone()
        return self._clients.take() if self._clients else self._make()

    def snapshot(self, client: redis.Redis) -> Snapshot:
        """Returns the keys of the scenario's database."""
        return keys_of(client)

    def leave(self, client: redis.Redis) -> None:
        """Has the client closed and the database emptied and given back: soon, where others are.

        What is not left for later is to ask the server whether it answers: one that has died
        meanwhile is found out here, in the scenario in which it did.
        """
        if self._clients:
            self._leases.raise_unless_answered()
            self._clients.give_back(client)
        else:
            self._drop(client)

    def sweep(self, run_id: str) -> None:
        """Empties the databases that a killed run holds, and gives them back."""
        sweep(self._endpoint, run_id)

    def close(self) -> None:
        """Gives back what was leased in advance, and disconnects."""
        with ExitStack() as stack:
            stack.callback(self._leases.close)
            if self._clients:
                stack.callback(self._clients.close)

    def advance(self, client: redis.Redis, by: timedelta) -> None:
        """Moves every expiry in the scenario's database; returns when what ran out is gone."""
        self._leases.advance(database_of(client), by)

    def _make(self) -> redis.Redis:
        database = self._leases.take()
        client = connect(self._endpoint, database=database)
        try:
            client.ping()
        except redis.RedisError:
            self._leases.give_back(database)
            raise
        return client

    def _drop(self, client: redis.Redis) -> None:
        client.close()
        self._leases.give_back(database_of(client))
