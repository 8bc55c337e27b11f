"""PostgreSQL in a container."""

from __future__ import annotations

from typing import Any

from testcontainers.community.postgres import PostgresContainer

from truestep.redaction import new_password
from truestep.services.base import Endpoint, RunContext
from truestep.services.containers import ContainerProvider
from truestep.services.postgres.url import DEFAULT_PORT, DEFAULT_USER, login_url
from truestep.settings import Values

# The data lives in memory, beside the image's own volume: where that is differs between versions.
_MEMORY = "/truestep"


class _Container(PostgresContainer):
    """testcontainers' own, started without waiting.

    Its way to wait puts the password on a command line and goes on when the container has died;
    the service's probe waits instead.
    """

    def _connect(self) -> None:
        pass


class PostgresContainerProvider(ContainerProvider):
    """Runs the configured image with a random password and its data in memory, not durable."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("postgres", values["image"], DEFAULT_PORT, values["port"], context.console)
        self._password = new_password()

    def build(self) -> Any:
        """Returns testcontainers' PostgreSQL container."""
        container = _Container(
            self._image, username=DEFAULT_USER, password=self._password, dbname=DEFAULT_USER
        )
        container.with_env("PGDATA", f"{_MEMORY}/data")
        container.with_env("POSTGRES_INITDB_ARGS", "--no-sync")
        container.with_tmpfs_mount(_MEMORY)
        return container.with_command(
            "postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
            # Each database that is made and dropped makes some: noise in a scenario's evidence.
            " -c log_checkpoints=off"
        )

    def endpoint(self, host: str, port: int) -> Endpoint:
        """Returns the endpoint with the password in its URL."""
        return Endpoint(
            host, port, login_url(DEFAULT_USER, self._password, host, port, DEFAULT_USER)
        )
