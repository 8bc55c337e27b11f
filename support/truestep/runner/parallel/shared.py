"""The services that all workers share: started once, by the parent, when a worker asks for them.

A worker asks over a socket of its own, each of its threads over another one; what it gets is where
a server answers. Databases, topics and clients it makes itself.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

from truestep.console import Console
from truestep.pool import RUN, ServicePool
from truestep.services.base import CanSweep, Choice, Endpoint, HasLog, Pausable, RunContext
from truestep.settings import Settings
from truestep.start import StartedService
from truestep.workspace import Workspace

Address = tuple[str, int]


@dataclass(frozen=True)
class Acquired:
    """A server that is ready, as it is told to a worker."""

    endpoint: Endpoint
    version: str
    took_s: float
    has_log: bool
    is_pausable: bool


class Desk:
    """What a worker may ask its parent for. Called by several threads at once.

    Args:
        pool: the parent's services.
    """

    def __init__(self, pool: ServicePool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._choices: dict[str, Choice] = {}

    def check(self, names: Iterable[str]) -> dict[str, Choice]:
        """Chooses a backend for each service, and refuses what cannot work; see ServicePool."""
        with self._lock:
            new = [name for name in names if name not in self._choices]
            self._pool.check(new)
            self._choices |= {name: self._pool.choice(name) for name in new}
            return {name: self._choices[name] for name in names}

    def start(self, name: str) -> None:
        """Starts a service in the background, unless it was started before."""
        with self._lock:
            if not self._pool.owns(name, RUN):
                self._pool.start([name], RUN)

    def wait(self, name: str, within_s: float | None) -> bool:
        """Waits until a start has succeeded or failed; tells whether it has, within that time."""
        return self._pool.wait(name, RUN, within_s=within_s)

    def acquire(self, name: str) -> Acquired:
        """Returns a service once it is ready; raises what kept it from becoming so."""
        running = self._pool.acquire(name, RUN)
        provider = running.provider
        return Acquired(
            running.endpoint,
            running.version,
            running.took_s,
            isinstance(provider, HasLog),
            isinstance(provider, Pausable),
        )

    def told(self, name: str, owner: str) -> StartedService:
        """Returns what there is to tell of a start."""
        found = (one for one in self._pool.history() if one.name == name)
        return replace(next(found), owner=owner)

    def ask(self, name: str, method: str, *arguments: Any) -> Any:
        """Calls a method of the provider of a service that is ready."""
        return getattr(self._pool.acquire(name, RUN).provider, method)(*arguments)


class DeskServer(BaseManager):
    """Lets other processes of this run use the desk; they know its key by being forked."""


DeskServer.register("desk")


class SharedServices:
    """The parent's side.

    Args:
        settings: of the project.
        console: where the services say something.
    """

    def __init__(self, settings: Settings, console: Console) -> None:
        self.address: Address | None = None
        self._workspace = Workspace()
        self._run_id = secrets.token_hex(3)
        if "truestep.hooks" not in sys.modules:
            # No hook of the project's will ask for a service.
            return
        context = RunContext(self._run_id, Path.cwd(), settings.cache, self._workspace, console)
        self._pool = ServicePool(settings, context, isolated=False)
        desk = Desk(self._pool)
        DeskServer.register("desk", callable=lambda: desk)
        # Not a socket in a folder of its own, which a run that is killed would leave behind.
        server = DeskServer(("127.0.0.1", 0), authkey=_KEY).get_server()
        threading.Thread(target=server.serve_forever, daemon=True, name="desk").start()
        self.address = server.address  # type: ignore[assignment]  # of the kind that was given

    def sweep(self, run_id: str) -> None:
        """Removes what a worker that died has left on the services."""
        for running in self._pool.running():
            isolation = running.isolation
            if isinstance(isolation, CanSweep) and running.provider.death() is None:
                isolation.sweep(run_id)

    def close(self) -> None:
        """Stops all of them."""
        if self.address is not None:
            self._pool.close()
        self._workspace.close()


# Made before the fork, so that workers know it, and nobody else does.
_KEY = os.urandom(32)


def connect(address: Address) -> Desk:
    """Returns the parent's desk, in a worker."""
    server: Any = DeskServer(address, authkey=_KEY)
    server.connect()
    desk: Desk = server.desk()
    return desk
