"""What one scenario has of the services, and what it gives back when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, NoReturn

from truestep.clock import Clock
from truestep.errors import CannotPauseError, ServiceError, UntaggedServiceError
from truestep.evidence import Snapshot
from truestep.polling import pause, pauses
from truestep.server_logs import ServerLogs
from truestep.services import registry
from truestep.services.base import HasLog, HasSnapshot, Pausable
from truestep.settings import Backend
from truestep.start import RunningService

# A connection breaks a moment before its process is seen to have ended.
DIES_WITHIN_S = 0.2
_SHOWN_LINES = 40


class ScenarioScope:
    """The places that one scenario has on its services."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[RunningService, Any]] = {}
        self._paused: set[str] = set()
        self.server_logs = ServerLogs()
        self._undo = ExitStack()
        self._death_is_told = False

    def enter(self, running: RunningService, scenario_id: str) -> Any:
        """Makes a place for the scenario and returns the client bound to it.

        Raises:
            ServiceError: the server has died.
        """
        if isinstance(running.provider, HasLog):
            self.server_logs.add(running.service.name, running.provider)
        try:
            client = running.isolation.enter(scenario_id)
        except running.service.not_ready():
            self._raise_if_dead(running)
            raise
        self._places[running.service.name] = (running, client)
        self._undo.callback(self._leave, running, client)
        return client

    def clock(self) -> Clock:
        """Returns the clock of the scenario."""
        return Clock(
            {name: (run.isolation, client) for name, (run, client) in self._places.items()}
        )

    def logs(self) -> Iterator[tuple[str, str, str]]:
        """Yields, for each application, its name, what it has logged since, where its log is."""
        for name, log, text in self.server_logs:
            if name not in registry.SERVICES:
                yield name, _last_lines(text), log.log_place()

    def snapshots(self) -> Iterator[tuple[str, Callable[[], Snapshot]]]:
        """Yields the name of each service that can show what the scenario did, and how to ask it.

        One that is frozen or dead cannot be asked.
        """
        for name, (running, client) in self._places.items():
            isolation = running.isolation
            if not isinstance(isolation, HasSnapshot) or name in self._paused:
                continue
            if running.provider.death() is None:
                yield name, partial(isolation.snapshot, client)

    def pause(self, name: str) -> None:
        """Freezes a service, at the longest until the scenario ends.

        Raises:
            CannotPauseError: it was not started by this run.
        """
        provider = self._pausable(name)
        # Undone before the clients are closed, which talk to it.
        self._undo.callback(provider.resume)
        self._paused.add(name)
        provider.pause()

    def resume(self, name: str) -> None:
        """Lets a frozen service go on; its clients' connections are still there."""
        self._pausable(name).resume()
        self._paused.discard(name)

    def leave(self) -> None:
        """Closes the clients and removes their places; safe to call again."""
        self._places.clear()
        self._undo.close()

    def raise_if_dead(self, *, within_s: float = 0.0) -> None:
        """Raises ServiceError when one of the scenario's servers has died, or does so soon."""
        dead = _dead([running for running, _ in self._places.values()], within_s)
        if dead:
            self._raise_if_dead(dead)

    def is_broken_by(self, error: BaseException | None) -> bool:
        """Tells whether an error is one that comes when a server does not answer any more."""
        kinds = [
            kind for running, _ in self._places.values() for kind in running.service.not_ready()
        ]
        return isinstance(error, tuple(kinds))

    def _pausable(self, name: str) -> Pausable:
        running, _ = self._places[name]
        if isinstance(running.provider, Pausable):
            return running.provider
        is_external = running.choice.backend is Backend.EXTERNAL
        how = f"leave out {name}.url" if is_external else "python -m truestep down"
        raise CannotPauseError(
            f"{name} cannot be taken away in this scenario",
            seen="it was not started by this run",
            looked=f"{name} ({running.choice.backend}), {running.choice.why}",
            remedy=f"let the run start it: {how}",
        )

    def _leave(self, running: RunningService, client: Any) -> None:
        try:
            running.isolation.leave(client)
        except running.service.not_ready():
            # What a dead server kept is gone with it.
            if not _dead([running], DIES_WITHIN_S):
                raise
            if not self._death_is_told:
                self._raise_if_dead(running)

    def _raise_if_dead(self, running: RunningService) -> None:
        try:
            running.raise_if_dead()
        except ServiceError:
            self._death_is_told = True
            raise


def _dead(services: Collection[RunningService], within_s: float) -> RunningService | None:
    """Returns the first of them that is dead, or found to be so within that time."""
    give_up = time.monotonic() + within_s
    for seconds in pauses():
        for running in services:
            if running.provider.death() is not None:
                return running
        if time.monotonic() >= give_up:
            return None
        pause(seconds)
    raise AssertionError("unreachable: pauses() never ends")


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_SHOWN_LINES:])


class UntaggedService:
    """Stands where the client would be in a scenario whose tags did not ask for the service.

    Args:
        name: of the service.
        where: returns what to look at.
        remedy: what to do instead of tagging the scenario with that name.
    """

    def __init__(self, name: str, where: Callable[[], str], remedy: str = "") -> None:
        self._name = name
        self._where = where
        self._remedy = remedy or f"tag the scenario or its feature @{name}"

    def __getattr__(self, attribute: str) -> NoReturn:
        name = self.__dict__["_name"]
        raise UntaggedServiceError(
            f"this scenario uses {name} without asking for it",
            seen=f"a step reads context.{name}.{attribute}",
            looked=self.__dict__["_where"](),
            remedy=self.__dict__["_remedy"],
        )
