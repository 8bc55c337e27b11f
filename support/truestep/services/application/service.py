"""An application under test as a service: what it needs, where it runs, when it is healthy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from truestep.errors import ServiceError
from truestep.services.application.settings import APPLICATION_KEYS
from truestep.services.base import (
    Choice,
    Endpoint,
    Isolation,
    Provider,
    RunContext,
    Service,
)
from truestep.settings import Backend, Key, Values

if TYPE_CHECKING:
    from truestep.start import RunningService

_STARTING = 503
_ASK_WITHIN_S = 5.0
_SHOWN_BODY = 500


class NotHealthyYetError(Exception):
    """The application answers, and says that it is still starting."""


class ApplicationService(Service):
    """One application under test.

    Args:
        name: the NAME of its `[service.NAME]` section, and its tag.
        values: its settings.
        context: what it may know of the run.
        acquire: returns a service of the run by name, once it is ready.
        has_url: tells whether a registered service is given by URL.
    """

    keys: ClassVar[Mapping[str, Key]] = APPLICATION_KEYS

    def __init__(
        self,
        name: str,
        values: Values,
        context: RunContext,
        *,
        acquire: Callable[[str], RunningService],
        has_url: Callable[[str], bool],
    ) -> None:
        super().__init__(values, context)
        self._provider: Provider | None = None
        self.name = self.title = name  # type: ignore[misc]  # each application has its own
        self._acquire = acquire
        self._has_url = has_url

    def automatic(self) -> Choice:
        """Returns the backend for `auto`: a command runs here, a compose file in docker."""
        if self.values["command"]:
            return Choice(Backend.EMBEDDED, f"its command is in {self.values.origin('command')}")
        return Choice(Backend.DOCKER, f"its compose file is in {self.values.origin('compose')}")

    def needs(self, backend: Backend) -> tuple[str, ...]:
        """Returns the services of the run that it stands on; those of a stack are its own."""
        wanted: tuple[str, ...] = self.values["needs"]
        if backend is Backend.DOCKER:
            return ()
        if backend is Backend.EXTERNAL:
            return tuple(name for name in wanted if self._has_url(name))
        return wanted

    def provider(self, backend: Backend) -> Provider:
        """Returns the provider for `backend`."""
        self._provider = self._provider_for(backend)
        return self._provider

    def probe(self, endpoint: Endpoint) -> str:
        """Asks for the health path; 2xx is healthy, 503 means still starting.

        Raises:
            ServiceError: any other status, with the body and the log, at once.
        """
        from truestep.services.application.client import open_client, tls_context

        with open_client(endpoint.url, tls=tls_context(), within_s=_ASK_WITHIN_S) as client:
            answer = client.get(self.values["health"])
        if answer.is_success:
            return "healthy"
        body = answer.text.strip()[:_SHOWN_BODY] or "(nothing)"
        said = f"{answer.status_code} {answer.reason_phrase}: {body}"
        if answer.status_code == _STARTING:
            raise NotHealthyYetError(said)
        log = f"; its last log lines:\n{self._provider.log_tail()}" if self._provider else ""
        raise ServiceError(
            f"{self.name} is not healthy",
            seen=said,
            looked=f"{answer.url}{log}",
            remedy=f"mend it, or correct the path that answers 2xx when all is well: "
            f"{self.name}.health",
        )

    def not_ready(self) -> tuple[type[BaseException], ...]:
        """Returns what an application that is starting answers with."""
        import httpx

        return (httpx.TransportError, NotHealthyYetError)

    def isolation(
        self,
        endpoint: Endpoint,
        backend: Backend,  # noqa: ARG002  # one client goes with every one
    ) -> Isolation:
        """Returns an HTTP client for each scenario; its data is isolated by its services."""
        from truestep.services.application.isolation import HttpClients

        return HttpClients(
            self.name,
            endpoint,
            answer_within_s=self.values["answer_within_s"],
            hide=self.values["hide"],
        )

    def _provider_for(self, backend: Backend) -> Provider:
        if backend is Backend.EMBEDDED:
            from truestep.services.application.process import LocalApplication

            return LocalApplication(self.name, self.values, self.context, self._acquire)
        if backend is Backend.DOCKER:
            from truestep.services.application.compose import ComposeStack

            return ComposeStack(self.name, self.values, self.context)
        from truestep.services.application.deployed import DeployedApplication

        return DeployedApplication(self.values, self.needs(backend), self._acquire)
