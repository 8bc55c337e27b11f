"""Private isolation on Redis: each scenario leases a database of its own."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import cast

import redis

from truestep.errors import ServiceError
from truestep.evidence import Snapshot
from truestep.polling import pause, pauses
from truestep.services.base import CanSweep, CanTravel, Endpoint, Isolation
from truestep.services.redis.client import connect
from truestep.services.redis.snapshot import keys_of

# Database 0 holds the leases and is never given to a scenario.
_LEASES_DATABASE = 0
_LEASE = "truestep:lease:{database}"
_LEASE_LASTS_S = 24 * 60 * 60

# What a server has unless it says otherwise, for one that does not let us ask.
_USUAL_DATABASES = 16

# A key whose time is over gets one more millisecond rather than a negative time: Redis then
# removes it itself, and says so in an `expired` notification. KEYS names each key once; SCAN may
# name one twice, which would move it twice. Leases run by the time of the world.
_ADVANCE = """
local over = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 and string.sub(key, 1, #ARGV[2]) ~= ARGV[2] then
    local after = left - tonumber(ARGV[1])
    if after < 1 then
      after = 1
      over[#over + 1] = key
    end
    redis.call('PEXPIRE', key, after)
  end
end
return over
"""
# Looking at a key makes Redis notice, at once, that its time is over. A key that somebody has set
# anew in the meantime is not waited for.
_STILL_THERE = """
local count = 0
for _, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left == 0 or left == 1 then
    count = count + 1
  end
end
return count
"""
_KEYS_AT_ONCE = 10_000
# In one go: between the two, another run could lease what is leased already.
_FLUSH_BUT_LEASES = """
local leases = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  leases[key] = {redis.call('GET', key), redis.call('PTTL', key)}
end
redis.call('FLUSHDB')
for key, lease in pairs(leases) do
  redis.call('SET', key, lease[1], 'PX', lease[2])
end
"""


# In one go: nobody can lease what is given back before it is empty.
_SWEEP = """
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local holder = redis.call('GET', key)
  if string.sub(holder, 1, #ARGV[2]) == ARGV[2] then
    redis.call('SELECT', string.sub(key, #ARGV[1] + 1))
    redis.call('FLUSHDB')
    redis.call('SELECT', ARGV[3])
    redis.call('DEL', key)
  end
end
"""


class LeasedDatabases(Isolation, CanTravel, CanSweep):
    """Leases databases by a key in database 0, so that concurrent runs on one server never meet."""

    def __init__(self, endpoint: Endpoint, run_id: str) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
        self._leases = connect(endpoint, database=_LEASES_DATABASE)
        self._free: list[int] = []

    def prepare(self) -> None:
        """Learns how many databases the server has."""
        answer: dict[str, str] = {}
        # A hosted server may forbid CONFIG.
        with contextlib.suppress(redis.ResponseError):
            answer = cast("dict[str, str]", self._leases.config_get("databases"))
        count = int(answer.get("databases", _USUAL_DATABASES))
        self._free = list(range(1, count))

    def enter(self, scenario_id: str) -> redis.Redis:
        """Returns a client (text answers) on a database that is empty and ours alone.

        Raises:
            ServiceError: no database is free.
        """
        for database in self._free:
            client = self._lease(database, scenario_id)
            if client is not None:
                self._free.remove(database)
                return client
        raise ServiceError(
            "redis has no free database for this scenario",
            seen="each one is leased by a run or holds keys that are not ours",
            looked=f"all databases but {_LEASES_DATABASE} at {self._endpoint.url}",
            remedy="start the server with more: --databases 256, or -D redis.databases=256",
        )

    def snapshot(self, client: redis.Redis) -> Snapshot:
        """Returns the keys of the scenario's database."""
        return keys_of(client)

    def leave(self, client: redis.Redis) -> None:
        """Empties the database and gives it back."""
        database = database_of(client)
        client.flushdb()
        client.close()
        self._leases.delete(_LEASE.format(database=database))
        self._free.append(database)

    def sweep(self, run_id: str) -> None:
        """Empties the databases that a killed run holds, and gives them back."""
        self._leases.eval(_SWEEP, 0, _LEASE.format(database=""), f"{run_id} ", _LEASES_DATABASE)

    def close(self) -> None:
        """Closes the connection that held the leases."""
        self._leases.close()

    def advance(self, client: redis.Redis, by: timedelta) -> None:
        """Moves every expiry in the scenario's database; returns when what ran out is gone."""
        # Keys need not be text.
        with connect(self._endpoint, database=database_of(client), text=False) as raw:
            by_ms = str(by // timedelta(milliseconds=1))
            over = cast("list[bytes]", raw.eval(_ADVANCE, 0, by_ms, _LEASE.format(database="")))
            for first in range(0, len(over), _KEYS_AT_ONCE):
                _wait_until_gone(raw, over[first : first + _KEYS_AT_ONCE])

    def _lease(self, database: int, scenario_id: str) -> redis.Redis | None:
        lease = _LEASE.format(database=database)
        holder = f"{self._run_id} {scenario_id}"
        if not self._leases.set(lease, holder, nx=True, ex=_LEASE_LASTS_S):
            return None
        client = connect(self._endpoint, database=database)
        if client.dbsize() == 0:
            return client
        # Somebody else keeps data there: it is theirs, and never flushed.
        client.close()
        self._leases.delete(lease)
        return None


def flush(client: redis.Redis) -> None:
    """Empties the client's database, but for the leases that runs have of other ones."""
    if database_of(client) == _LEASES_DATABASE:
        client.eval(_FLUSH_BUT_LEASES, 0, _LEASE.format(database="*"))
    else:
        client.flushdb()


def database_of(client: redis.Redis) -> int:
    """Returns the number of the database that `client` works on."""
    return int(client.connection_pool.connection_kwargs.get("db") or 0)


def _wait_until_gone(raw: redis.Redis, keys: list[bytes]) -> None:
    for seconds in pauses():
        if not raw.eval(_STILL_THERE, len(keys), *keys):
            return
        pause(seconds)
