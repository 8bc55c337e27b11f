"""Connections to one database of a Redis server."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from truestep.services.base import Endpoint
from truestep.services.redis.url import at_database


def connect(endpoint: Endpoint, *, database: int | None = None, text: bool = True) -> redis.Redis:
    """Returns a client on `database`; without one, on that of the endpoint's URL.

    Answers are text, or bytes if `text` is false. It connects when it is first used.
    """
    url = endpoint.url if database is None else at_database(endpoint.url, database)
    # One more try mends a connection that the server closed while it was idle. By default there
    # are more, seconds apart, which would hide for as long that a server has died.
    retry = Retry(NoBackoff(), 1)
    # What it would tell the server about itself costs a round trip, and a look into its package.
    return redis.Redis.from_url(url, decode_responses=text, retry=retry, driver_info=None)
