"""The places of an application on its services, which its scenarios look into and reset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from truestep.services.base import close_unless_dead
from truestep.settings import Backend

if TYPE_CHECKING:
    from truestep.start import RunningService


class Places:
    """What stands beside an application: its services, each narrowed to the application's place."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._beside: dict[str, RunningService] = {}

    def make(self, running: RunningService, name: str | None, *, is_named: bool = True) -> str:
        """Makes the application's place on `running` and returns its URL.

        Args:
            running: a service that is ready.
            name: whose place it is; None when the URL of the service already names it.
            is_named: whether the application finds its place by that name; else it is where
                anybody's is.
        """
        # What was made for the run, or by its name on somebody's server, is ours to empty.
        may_reset = (
            name is not None
            or running.choice.backend is not Backend.EXTERNAL
            or running.service.values["allow_reset"]
        )
        place = running.service.shared_place(
            running.endpoint, name if is_named else None, may_reset=may_reset
        )
        self._undo.callback(close_unless_dead, place, running.service, running.provider)
        place.prepare()
        self._beside[running.service.name] = replace(running, isolation=place)
        return place.url

    def beside(self) -> Mapping[str, RunningService]:
        """Returns the services by name."""
        return self._beside

    def close(self) -> None:
        """Removes the places."""
        self._undo.close()


Acquire = Callable[[str], "RunningService"]
