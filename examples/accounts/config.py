"""What the service is told, by its environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

_DEFAULT_TTL_S = "300"
TOPIC = "user-events"


class ConfigError(Exception):
    """A variable is missing, or its value does not fit."""


@dataclass(frozen=True)
class Config:
    """Where the service's dependencies are, its topic, and how long a user stays in the cache."""

    database_url: str
    redis_url: str
    kafka_servers: tuple[str, ...]
    user_cache_ttl: timedelta
    topic: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Config:
        """Reads DATABASE_URL, REDIS_URL and KAFKA_BOOTSTRAP.

        And, where they are set, USER_CACHE_TTL_S (else 300 s) and USER_EVENTS_TOPIC (else
        user-events).

        Raises:
            ConfigError: naming the variable.
        """
        return cls(
            _required(environment, "DATABASE_URL"),
            _required(environment, "REDIS_URL"),
            tuple(_required(environment, "KAFKA_BOOTSTRAP").split(",")),
            _ttl(environment.get("USER_CACHE_TTL_S") or _DEFAULT_TTL_S),
            environment.get("USER_EVENTS_TOPIC") or TOPIC,
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ConfigError(f"the environment has no {name}")
    return value


def _ttl(value: str) -> timedelta:
    try:
        ttl = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        ttl = timedelta(0)
    if ttl < timedelta(milliseconds=1):
        raise ConfigError(f"USER_CACHE_TTL_S is {value!r}, which is not a number of seconds")
    return ttl
