"""The Redis service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from truestep.errors import ServiceError
from truestep.services.base import Endpoint, Isolation, Provider, Service, SharedPlace
from truestep.services.redis.url import parse_url
from truestep.settings import Backend, Key
from truestep.settings.keys import optional, text, whole


class RedisService(Service):
    """Redis: a database leased to each scenario, expiries that can be moved."""

    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"
    keys: ClassVar[Mapping[str, Key]] = {
        "url": Key("", optional(parse_url), "where an external one is: redis://host:6379/0"),
        "image": Key("redis:7-alpine", text, "the Docker image"),
        "databases": Key("256", whole(1, 10_000), "how many databases a started server has"),
    }

    def provider(self, backend: Backend) -> Provider:
        """Returns the provider for `backend`."""
        if backend is Backend.DOCKER:
            from truestep.services.redis.docker import RedisContainerProvider

            return RedisContainerProvider(self.values, self.context)
        if backend is Backend.EMBEDDED:
            from truestep.services.redis.embedded import EmbeddedRedis

            return EmbeddedRedis(self.values, self.context)
        from truestep.services.external import ExternalProvider

        return ExternalProvider(self.values["url"])

    def probe(self, endpoint: Endpoint) -> str:
        """Sends PING and returns the server's version."""
        import redis

        from truestep.services.redis.client import connect

        try:
            with connect(endpoint) as client:
                client.ping()
                return str(client.info("server")["redis_version"])
        except (redis.AuthenticationError, redis.ResponseError) as error:
            raise ServiceError(
                "redis does not let us in",
                seen=str(error),
                looked=endpoint.url,
                remedy="check the user, the password and the database in redis.url",
            ) from None

    def not_ready(self) -> tuple[type[BaseException], ...]:
        """Returns what a server that is starting answers with."""
        import redis

        return (redis.ConnectionError, redis.TimeoutError)

    def isolation(
        self,
        endpoint: Endpoint,
        backend: Backend,  # noqa: ARG002  # leases work on every one
    ) -> Isolation:
        """Returns leased databases."""
        from truestep.services.redis.isolation import LeasedDatabases

        return LeasedDatabases(endpoint, self.context.run_id)

    def shared_place(self, endpoint: Endpoint, name: str | None, *, may_reset: bool) -> SharedPlace:
        """Returns a database that is leased to the application, or the one of the URL."""
        from truestep.services.redis.reset import SharedDatabase

        return SharedDatabase(endpoint, self.context.run_id, name, may_reset=may_reset)
