"""One start of one server: in the background, until a real client is answered; and its stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from truestep.collector import uncollected
from truestep.errors import ServiceError, file_trouble
from truestep.keeping.provider import KeptProvider
from truestep.polling import pause, pauses, scaled
from truestep.services.application.service import NotHealthyYetError
from truestep.services.base import (
    Choice,
    Endpoint,
    Isolation,
    Provider,
    Service,
    close_unless_dead,
)

_STOP_WAITS_S = 30.0
# What a run waits for; a server that is not ready answers at once.
_LOOKS_EVERY_S = 0.005
# One library after another: side by side they only take turns, and all are there at the end.
_importing = threading.Lock()


@dataclass(frozen=True)
class RunningService:
    """A server that is ready, with all that belongs to it."""

    service: Service
    choice: Choice
    provider: Provider
    endpoint: Endpoint
    version: str
    isolation: Isolation
    took_s: float
    beside: Mapping[str, RunningService] = field(default_factory=dict)
    """For an application under test: its own places on the services it stands on."""

    def raise_if_dead(self) -> None:
        """Raises ServiceError, with its last log lines, when the server has died."""
        death = self.provider.death()
        if death is not None:
            raise ServiceError(
                f"{self.service.name} ({self.choice.backend}) died during the run",
                seen=death,
                looked=f"its last log lines:\n{self.provider.log_tail()}",
                remedy="find in the log why it died; later scenarios that need it fail too",
            )


@dataclass(frozen=True)
class StartedService:
    """What there is to tell of a start.

    `version` and `took_s` (seconds until it was ready) are None while it is starting; `problem` is
    what kept it from becoming ready.
    """

    name: str
    title: str
    backend: str
    why: str
    owner: str
    version: str | None = None
    took_s: float | None = None
    problem: str | None = None


class Start(Protocol):
    """One start of one server, and its stop."""

    def begin(self) -> None:
        """Starts it in the background."""

    def result(self) -> RunningService:
        """Returns the service once it is ready; raises what kept it from becoming so."""

    def wait(self, within_s: float | None) -> bool:
        """Waits until the start has succeeded or failed; tells whether it has."""

    def ready(self) -> RunningService | None:
        """Returns the service if it is ready now."""

    def told(self, owner: str) -> StartedService:
        """Returns what there is to tell."""

    def give_up(self) -> None:
        """A start that is under way is of no use any more."""

    def stop(self) -> None:
        """Stops it; returns when it is gone."""


class ServerStart(Start):
    """The start of a server by its provider, in a thread of its own."""

    def __init__(
        self, service: Service, provider: Provider, choice: Choice, *, isolated: bool
    ) -> None:
        self._service = service
        self._provider = provider
        self._choice = choice
        self._isolated = isolated
        self._undo = ExitStack()
        self._stopping = threading.Event()
        self._future: Future[RunningService] = Future()
        # A daemon: a start that hangs must not keep the interpreter alive after its stop.
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"start {service.name}")

    def begin(self) -> None:
        """Starts the server."""
        self._thread.start()

    def result(self) -> RunningService:
        """Returns the service once it is ready; raises what kept it from becoming so."""
        return self._future.result()

    def wait(self, within_s: float | None) -> bool:
        """Waits until the start has succeeded or failed; tells whether it has."""
        return bool(wait([self._future], timeout=within_s).done)

    def ready(self) -> RunningService | None:
        """Returns the service if it is ready now."""
        done = self._future.done() and self._future.exception() is None
        return self._future.result() if done else None

    def told(self, owner: str) -> StartedService:
        """Returns what there is to tell."""
        choice = self._choice
        told = StartedService(
            self._service.name, self._service.title, choice.backend, choice.why, owner
        )
        if not self._future.done():
            return told
        problem = self._future.exception()
        if problem is not None:
            return replace(told, problem=str(problem))
        running = self._future.result()
        return replace(told, version=running.version, took_s=round(running.took_s, 3))

    def give_up(self) -> None:
        """Interrupts a start that is under way."""
        self._stopping.set()
        self._provider.interrupt()

    def stop(self) -> None:
        """Leaves the isolation and stops the server."""
        self.give_up()
        # Ctrl-C may have come before it began.
        if self._thread.ident is not None:
            self._thread.join(_STOP_WAITS_S)
        self._undo.close()

    def _run(self) -> None:
        try:
            self._future.set_result(self._bring_up())
        except Exception as error:  # noqa: BLE001  # carried to whoever waits for the service
            self._future.set_exception(error)

    def _bring_up(self) -> RunningService:
        service, backend, provider = self._service, self._choice.backend, self._provider
        began = time.monotonic()
        self._undo.callback(provider.stop)
        try:
            endpoint = provider.start()
        except OSError as error:
            raise ServiceError(
                f"{service.name} ({backend}) could not be started",
                seen=file_trouble(error),
                looked=str(error.filename or "the run's temporary folder"),
                remedy="free some space there, or set TMPDIR to a folder on another disk",
            ) from error
        # The client library is imported while the server comes up; not_ready() knows which one.
        with _importing, uncollected():
            service.not_ready()
        if isinstance(provider, KeptProvider):
            version = provider.version
        else:
            version = self._wait_until_ready(provider, endpoint)
        isolation = service.isolation(endpoint, backend)
        if self._isolated:
            self._undo.callback(close_unless_dead, isolation, service, provider)
            isolation.prepare()
        took_s = time.monotonic() - began
        return RunningService(
            service,
            self._choice,
            provider,
            endpoint,
            version,
            isolation,
            took_s,
            provider.beside(),
        )

    def _wait_until_ready(self, provider: Provider, endpoint: Endpoint) -> str:
        service = self._service
        name = f"{service.name} ({self._choice.backend})"
        limit_s = scaled(service.values["start_within_s"])
        give_up = time.monotonic() + limit_s
        for seconds in pauses(longest_s=_LOOKS_EVERY_S):
            try:
                return service.probe(endpoint)
            except service.not_ready() as error:
                death = provider.death()
                late = time.monotonic() > give_up
                if death or late or self._stopping.is_set():
                    waited = f"was not ready after {limit_s:g} s" if late else "did not start"
                    said = "" if isinstance(error, NotHealthyYetError) else type(error).__name__
                    raise ServiceError(
                        f"{name} {waited}",
                        seen=death or f"{said}: {error}".removeprefix(": "),
                        looked=f"its last log lines:\n{provider.log_tail()}",
                        remedy="mend what the log says, or see: python -m truestep doctor",
                    ) from error
            pause(seconds)
        raise AssertionError("unreachable: pauses() never ends")
