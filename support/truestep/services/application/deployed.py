"""An application that somebody else runs, given by URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from truestep.services.application.places import Acquire, Places
from truestep.services.base import Endpoint
from truestep.services.external import ExternalProvider
from truestep.settings import Values


class DeployedApplication(ExternalProvider):
    """Looks into those of the application's services that are given by URL too."""

    def __init__(self, values: Values, needs: Iterable[str], acquire: Acquire) -> None:
        super().__init__(values["url"])
        self._needs = tuple(needs)
        self._acquire = acquire
        self._places = Places()

    def start(self) -> Endpoint:
        """Opens the places that the URLs of its services name."""
        for need in self._needs:
            self._places.make(self._acquire(need), None)
        return super().start()

    def beside(self) -> Mapping[str, Any]:
        """Returns the application's places on its services."""
        return self._places.beside()

    def stop(self) -> None:
        """Leaves everything as it is."""
        self._places.close()
