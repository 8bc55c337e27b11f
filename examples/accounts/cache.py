"""Users in Redis, for a while. Without Redis the service is slower, and works."""

from __future__ import annotations

import logging
from datetime import timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from examples.accounts.models import User

_log = logging.getLogger("accounts.cache")

_ANSWERS_WITHIN_S = 0.5


def connect(url: str) -> redis.Redis:
    """Returns a client that waits half a second at most, and reconnects once."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=_ANSWERS_WITHIN_S,
        socket_connect_timeout=_ANSWERS_WITHIN_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


class UserCache:
    """Keeps users by their numbers."""

    def __init__(self, store: redis.Redis, ttl: timedelta) -> None:
        self._store = store
        self._ttl = ttl

    def get(self, user_id: int) -> User | None:
        """Returns the user; None when it is not here, or Redis does not answer."""
        try:
            text = self._store.get(_key(user_id))
        except redis.RedisError as error:
            _log.warning("read without the cache: %s", error)
            return None
        return None if text is None else User.model_validate_json(str(text))

    def put(self, user: User) -> None:
        """Keeps a user for the time to live."""
        try:
            self._store.set(_key(user.id), user.model_dump_json(), px=self._ttl)
        except redis.RedisError as error:
            _log.warning("not kept in the cache: %s", error)

    def forget(self, user_id: int) -> None:
        """Drops a user. When Redis does not answer, the time to live does it later."""
        try:
            self._store.delete(_key(user_id))
        except redis.RedisError as error:
            _log.warning("user %s may be outdated in the cache: %s", user_id, error)


def _key(user_id: int) -> str:
    return f"user:{user_id}"
