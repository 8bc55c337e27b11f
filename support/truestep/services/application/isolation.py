"""Each scenario has an HTTP client of its own; the application's data is reset in its services."""

from __future__ import annotations

from truestep.services.application.client import HttpClient
from truestep.services.base import Endpoint, Isolation


class HttpClients(Isolation):
    """Gives each scenario a client with cookies, headers and exchanges of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def prepare(self) -> None:
        """Nothing has to be made."""

    def enter(self, scenario_id: str) -> HttpClient:  # noqa: ARG002  # the promise of Isolation
        """Returns a fresh client."""
        return HttpClient(self._endpoint.url)

    def leave(self, client: HttpClient) -> None:
        """Closes the client's connections."""
        client.close()

    def close(self) -> None:
        """Nothing was made."""
