"""Which database belongs to whom: leases that all runs on a server respect."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any, cast

import redis
from redis.connection import Connection

from truestep.errors import ServiceError
from truestep.services.base import Endpoint
from truestep.services.redis.client import connect
from truestep.services.redis.expiries import advance

# Database 0 holds the leases and is never given to a scenario.
_LEASES_DATABASE = 0
_LEASE = "truestep:lease:"
_LEASE_LASTS_S = 24 * 60 * 60

# So many are tried first: to name each one takes longer than to lease it.
_LIKELY = 8

# What a server has unless it says otherwise, for one that does not let us ask.
_USUAL_DATABASES = 16

# Each of these is one round trip, and nobody comes between its parts. A database in which somebody
# else keeps keys is theirs, and never flushed. A lease may be gone by a FLUSHALL of a scenario.
_TAKE = """
for number = 4, #ARGV do
  local lease, database = ARGV[1] .. ARGV[number], ARGV[number]
  if redis.call('SET', lease, ARGV[2], 'NX', 'EX', ARGV[3]) then
    redis.call('SELECT', database)
    local keys = redis.call('DBSIZE')
    redis.call('SELECT', 0)
    if keys == 0 then
      return tonumber(database)
    end
    redis.call('DEL', lease)
  end
end
return -1
"""
_GIVE_BACK = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call('SELECT', ARGV[2])
  redis.call('FLUSHDB')
  redis.call('SELECT', 0)
  redis.call('DEL', KEYS[1])
end
"""
_SWEEP = """
for _, lease in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local holder = redis.call('GET', lease)
  if string.sub(holder, 1, #ARGV[2]) == ARGV[2] then
    redis.call('SELECT', string.sub(lease, #ARGV[1] + 1))
    redis.call('FLUSHDB')
    redis.call('SELECT', 0)
    redis.call('DEL', lease)
  end
end
"""
_FLUSH_BUT_LEASES = """
local leases = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  leases[key] = {redis.call('GET', key), redis.call('PTTL', key)}
end
redis.call('FLUSHDB')
for key, lease in pairs(leases) do
  redis.call('SET', key, lease[1], 'PX', lease[2])
end
"""


class Leases:
    """The leases of one run, by keys in database 0; safe to use from several threads.

    Args:
        endpoint: the server.
        run_id: the run's id, which each lease carries.
    """

    def __init__(self, endpoint: Endpoint, run_id: str) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
        self._client = connect(endpoint, database=_LEASES_DATABASE, text=False)
        self._watching = threading.Lock()
        self._watched: Connection | None = None
        self._take = self._client.register_script(_TAKE)
        self._give_back = self._client.register_script(_GIVE_BACK)
        self._free: deque[int] = deque()
        self._held: dict[int, str] = {}
        self._numbers = count(1)

    def count(self) -> int:
        """Learns how many databases the server has, and returns that."""
        answer: dict[str, str] = {}
        # A hosted server may forbid CONFIG.
        with contextlib.suppress(redis.ResponseError):
            answer = cast("dict[str, str]", self._client.config_get("databases"))
        databases = int(answer.get("databases", _USUAL_DATABASES))
        self._free = deque(range(1, databases))
        return databases

    def take(self, whose: str = "") -> int:
        """Leases a database that is empty, the one that was given back longest ago if possible.

        Raises:
            ServiceError: there is none.
        """
        holder = f"{self._run_id} {whose or next(self._numbers)}"
        candidates = [*self._free]
        database = self._lease(holder, candidates[:_LIKELY])
        if database < 0:
            database = self._lease(holder, candidates[_LIKELY:])
        if database < 0:
            raise ServiceError(
                "redis has no free database for this scenario",
                seen="each one is leased by a run or holds keys that are not ours",
                looked=f"all databases but {_LEASES_DATABASE} at {self._endpoint.url}",
                remedy="start the server with more: --databases 256, or -D redis.databases=256",
            )
        self._free.remove(database)
        self._held[database] = holder
        return database

    def _lease(self, holder: str, candidates: Sequence[int]) -> int:
        """Leases one of some databases; returns a number below 0 when none of them is free."""
        return cast("int", self._take(args=[_LEASE, holder, _LEASE_LASTS_S, *candidates]))

    def give_back(self, database: int) -> None:
        """Empties a database and gives it back."""
        self._give_back(keys=[f"{_LEASE}{database}"], args=[self._held[database], database])
        del self._held[database]
        self._free.append(database)

    def raise_if_gone(self) -> None:
        """Looks, without asking the server, whether it has closed a connection.

        Raises:
            redis.ConnectionError: it has, and takes no other one.
        """
        with self._watching:
            if self._watched is None:
                self._watched = self._client.connection_pool.get_connection()
            try:
                self._watched.can_read(0)
            except redis.ConnectionError:
                # It may only have been idle for too long.
                cast("Any", self._watched).disconnect()
                cast("Any", self._watched).connect()

    def raise_unless_answered(self) -> None:
        """Asks the server for an answer, in one round trip; raises redis.RedisError without one."""
        self._client.ping()

    def advance(self, database: int, by: timedelta) -> None:
        """Moves every expiry in a database `by` nearer; returns when what ran out is gone."""
        advance(self._client, database, by, apart=_LEASE)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


def sweep(endpoint: Endpoint, run_id: str) -> None:
    """Empties the databases that another run holds, and gives them back."""
    with connect(endpoint, database=_LEASES_DATABASE) as client:
        client.eval(_SWEEP, 0, _LEASE, f"{run_id} ")


def flush(client: redis.Redis) -> None:
    """Empties the client's database, but for the leases that runs have of other ones."""
    if database_of(client) == _LEASES_DATABASE:
        client.eval(_FLUSH_BUT_LEASES, 0, _LEASE)
    else:
        client.flushdb()


def database_of(client: redis.Redis) -> int:
    """Returns the number of the database that `client` works on."""
    return int(client.connection_pool.connection_kwargs.get("db") or 0)
