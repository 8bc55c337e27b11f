"""What one scenario has of the services, and what it gives back when it ends."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, NoReturn

from truestep.clock import Clock
from truestep.errors import UntaggedServiceError
from truestep.pool import RunningService


class ScenarioScope:
    """The places that one scenario has on its services."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[RunningService, Any]] = {}
        self._undo = ExitStack()

    def enter(self, running: RunningService, scenario_id: str) -> Any:
        """Makes a place for the scenario and returns the client bound to it.

        Raises:
            ServiceError: the server has died.
        """
        try:
            client = running.isolation.enter(scenario_id)
        except running.service.not_ready():
            running.raise_if_dead()
            raise
        self._places[running.service.name] = (running, client)
        self._undo.callback(self._leave, running, client)
        return client

    def clock(self) -> Clock:
        """Returns the clock of the scenario."""
        return Clock(
            {name: (run.isolation, client) for name, (run, client) in self._places.items()}
        )

    def leave(self) -> None:
        """Closes the clients and removes their places; safe to call again."""
        self._places.clear()
        self._undo.close()

    def raise_if_dead(self) -> None:
        """Raises ServiceError when one of the scenario's servers has died."""
        for running, _ in self._places.values():
            running.raise_if_dead()

    @staticmethod
    def _leave(running: RunningService, client: Any) -> None:
        try:
            running.isolation.leave(client)
        except running.service.not_ready():
            # What a dead server kept is gone with it; its death has been reported.
            if running.provider.death() is None:
                raise


class UntaggedService:
    """Stands where the client would be in a scenario whose tags did not ask for the service."""

    def __init__(self, name: str, where: str) -> None:
        self._name = name
        self._where = where

    def __getattr__(self, attribute: str) -> NoReturn:
        name = self.__dict__["_name"]
        raise UntaggedServiceError(
            f"this scenario uses {name} without asking for it",
            seen=f"a step reads context.{name}.{attribute}",
            looked=f"the tags of {self.__dict__['_where']}",
            remedy=f"tag the scenario or its feature @{name}",
        )
