"""A server given by URL: never started, never stopped by us."""

from __future__ import annotations

from truestep.services.base import Endpoint, Provider


class ExternalProvider(Provider):
    """The provider of a server that somebody else runs."""

    stays = True

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def check(self) -> None:
        """Nothing to refuse: the URL was read with the settings, and the probe tells the rest."""

    def start(self) -> Endpoint:
        """Returns the endpoint as the URL gives it."""
        return self._endpoint

    def stop(self) -> None:
        """Leaves the server alone."""

    def death(self) -> str | None:
        """Returns None: whether an external server lives is seen only by its probe."""
        return None

    def log_tail(self, lines: int = 20) -> str:  # noqa: ARG002  # the promise of Provider
        """Returns why there is no log."""
        return "(the log of an external server is not ours to read)"
