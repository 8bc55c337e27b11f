"""Redis in a container."""

from __future__ import annotations

from typing import Any

from truestep.redaction import new_password
from truestep.services.base import Endpoint, RunContext
from truestep.services.containers import ContainerProvider
from truestep.services.redis.url import DEFAULT_PORT
from truestep.settings import Values

# The password reaches the server by its standard input: arguments can be read by every user of
# the machine. The image's own entrypoint still runs, and drops root's rights.
_START = """exec docker-entrypoint.sh redis-server - <<END
requirepass $TRUESTEP_PASSWORD
databases $TRUESTEP_DATABASES
save ""
appendonly no
notify-keyspace-events AKE
END
"""


class RedisContainerProvider(ContainerProvider):
    """Runs the configured image with a random password and nothing kept on disk."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("redis", values["image"], DEFAULT_PORT, values["port"], context.console)
        self._password = new_password()
        self._databases = values["databases"]

    def build(self) -> Any:
        """Returns a container without a wait of its own: the probe finds out when it is ready."""
        from testcontainers.core.container import DockerContainer

        return (
            DockerContainer(self._image)
            .with_envs(TRUESTEP_PASSWORD=self._password, TRUESTEP_DATABASES=str(self._databases))
            .with_command(["sh", "-c", _START])
        )

    def endpoint(self, host: str, port: int) -> Endpoint:
        """Returns the endpoint with the password in its URL."""
        return Endpoint(host, port, f"redis://:{self._password}@{host}:{port}/0")
