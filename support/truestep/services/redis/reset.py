"""Reset isolation on Redis: one database that an application keeps, emptied for each scenario."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import redis

from truestep.errors import ResetRefusedError
from truestep.evidence import Snapshot
from truestep.services.base import CanTravel, Endpoint, SharedPlace
from truestep.services.redis.client import connect
from truestep.services.redis.leases import Leases, database_of, flush
from truestep.services.redis.snapshot import keys_of
from truestep.services.redis.url import at_database


class SharedDatabase(SharedPlace, CanTravel):
    """Flushes one database before each scenario, and no other.

    Args:
        endpoint: the server.
        run_id: the run's id.
        name: the application that leases a database of its own; None when the endpoint's URL
            names the database, which is then neither leased nor flushed in the end.
        may_reset: whether it may be flushed.
    """

    def __init__(
        self, endpoint: Endpoint, run_id: str, name: str | None, *, may_reset: bool
    ) -> None:
        self._endpoint = endpoint
        self._name = name
        self._may_reset = may_reset
        self._leases = Leases(endpoint, run_id)
        self._leased: int | None = None
        self._url = endpoint.url

    @property
    def url(self) -> str:
        """The URL of the database."""
        return self._url

    def prepare(self) -> None:
        """Leases the application's database.

        Raises:
            ServiceError: no database is free.
        """
        if self._name is None:
            return
        self._leases.count()
        self._leased = self._leases.take(self._name)
        self._url = at_database(self._endpoint.url, self._leased)

    def enter(self, scenario_id: str) -> redis.Redis:  # noqa: ARG002  # the promise of Isolation
        """Empties the database and returns a client (text answers) on it.

        Raises:
            ResetRefusedError: the database is not ours to empty.
        """
        if not self._may_reset:
            raise ResetRefusedError(
                "redis is not emptied for this scenario",
                seen="its database was not made by this run",
                looked=self._url,
                remedy="write `allow_reset = yes` in [service.redis] if all in it may be deleted",
            )
        client = connect(Endpoint(self._endpoint.host, self._endpoint.port, self._url))
        flush(client)
        return client

    def snapshot(self, client: redis.Redis) -> Snapshot:
        """Returns the keys of the scenario's database."""
        return keys_of(client)

    def leave(self, client: redis.Redis) -> None:
        """Closes the client's connections; what the scenario left can still be looked at."""
        client.close()

    def close(self) -> None:
        """Empties the leased database and gives it back."""
        with closing(self._leases):
            if self._leased is not None:
                self._leases.give_back(self._leased)
                self._leased = None

    def advance(self, client: redis.Redis, by: timedelta) -> None:
        """Moves every expiry in the database; returns when what ran out is gone."""
        self._leases.advance(database_of(client), by)
