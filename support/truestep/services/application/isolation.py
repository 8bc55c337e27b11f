"""Each scenario has an HTTP client of its own; the application's data is reset in its services."""

from __future__ import annotations

from collections.abc import Iterable

from truestep.evidence import Snapshot
from truestep.services.application.client import HttpClient, tls_context
from truestep.services.application.exchange import exchanges_of
from truestep.services.base import Endpoint, Isolation


class HttpClients(Isolation):
    """Gives each scenario a client with cookies, headers and exchanges of its own.

    Args:
        name: the application's.
        endpoint: where the application is.
        answer_within_s: seconds until a request without an answer fails.
        hide: names whose values no report shows.
    """

    def __init__(
        self, name: str, endpoint: Endpoint, *, answer_within_s: float, hide: Iterable[str]
    ) -> None:
        self._name = name
        self._endpoint = endpoint
        self._answer_within_s = answer_within_s
        self._hide = tuple(hide)
        self._tls = tls_context()

    def prepare(self) -> None:
        """Nothing has to be made."""

    def enter(self, scenario_id: str) -> HttpClient:  # noqa: ARG002  # the promise of Isolation
        """Returns a fresh client."""
        return HttpClient(
            self._name,
            self._endpoint.url,
            answer_within_s=self._answer_within_s,
            hide=self._hide,
            tls=self._tls,
        )

    def snapshot(self, client: HttpClient) -> Snapshot:
        """Returns what was sent and what came back."""
        return exchanges_of(client.exchanges)

    def leave(self, client: HttpClient) -> None:
        """Closes the client's connections."""
        client.close()

    def close(self) -> None:
        """Nothing was made."""
