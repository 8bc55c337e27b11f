"""In a worker: services that its parent has started, with isolation of the worker's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from truestep.errors import CannotPauseError
from truestep.redaction import register_secret
from truestep.runner.parallel.shared import Acquired, Address, Desk, connect
from truestep.services.base import Choice, Endpoint, Provider, Service, close_unless_dead
from truestep.start import RunningService, StartedService


class Borrowed:
    """The services of the run, as a worker has them.

    Args:
        address: of the parent's desk.
        may_pause: tells whether the scenario that runs may freeze a server: no other one runs.
    """

    def __init__(self, address: Address, may_pause: Callable[[], bool]) -> None:
        self._address = address
        self._may_pause = may_pause

    def check(self, names: Iterable[str]) -> Mapping[str, Choice]:
        """Has the parent choose and check; raises what it raises."""
        return self._desk.check(list(names))

    def start(self, service: Service, choice: Choice) -> BorrowedStart:
        """Returns what asks the parent for a service."""
        return BorrowedStart(service, choice, self._desk, self._may_pause)

    @cached_property
    def _desk(self) -> Desk:
        # One, for as long as the worker lives: a signal that comes while the last reference to one
        # goes would be lost.
        return connect(self._address)


class BorrowedStart:
    """A service that the parent starts, for all of its workers.

    Args:
        service: which one.
        choice: the parent's.
        desk: the parent's.
        may_pause: see `Borrowed`.
    """

    def __init__(
        self, service: Service, choice: Choice, desk: Desk, may_pause: Callable[[], bool]
    ) -> None:
        self._service = service
        self._choice = choice
        self._desk = desk
        self._may_pause = may_pause
        self._lock = threading.Lock()
        self._running: RunningService | None = None

    def begin(self) -> None:
        """Has it started, unless another worker has."""
        self._desk.start(self._service.name)

    def result(self) -> RunningService:
        """Returns the service once it is ready; raises what kept it from becoming so."""
        with self._lock:
            if self._running is None:
                self._running = self._enter(self._desk.acquire(self._service.name))
            return self._running

    def wait(self, within_s: float | None) -> bool:
        """Waits until the start has succeeded or failed; tells whether it has."""
        return self._desk.wait(self._service.name, within_s)

    def ready(self) -> RunningService | None:
        """Returns the service if this worker has it."""
        return self._running

    def told(self, owner: str) -> StartedService:
        """Returns what there is to tell."""
        return self._desk.told(self._service.name, owner)

    def give_up(self) -> None:
        """A start is the parent's to give up."""

    def stop(self) -> None:
        """Removes what this worker has made there."""
        running, self._running = self._running, None
        if running is not None:
            close_unless_dead(running.isolation, self._service, running.provider)

    def _enter(self, acquired: Acquired) -> RunningService:
        register_secret(urlsplit(acquired.endpoint.url).password or "")
        service, backend = self._service, self._choice.backend
        isolation = service.isolation(acquired.endpoint, backend)
        provider = _provider(service.name, acquired, self._desk, self._may_pause)
        try:
            isolation.prepare()
        except BaseException:
            # Also when a signal interrupts it: nobody else knows of what was made so far.
            close_unless_dead(isolation, service, provider)
            raise
        return RunningService(
            service,
            self._choice,
            provider,
            acquired.endpoint,
            acquired.version,
            isolation,
            acquired.took_s,
        )


class BorrowedProvider(Provider):
    """The provider of a server that the parent has started.

    Args:
        name: of the service.
        endpoint: where it answers.
        desk: the parent's.
        may_pause: see `Borrowed`.
    """

    stays = True

    def __init__(
        self, name: str, endpoint: Endpoint, desk: Desk, may_pause: Callable[[], bool]
    ) -> None:
        self._name = name
        self._endpoint = endpoint
        self._desk = desk
        self._may_pause = may_pause

    def check(self) -> None:
        """The parent has checked."""

    def start(self) -> Endpoint:
        """Returns where it answers: it runs."""
        return self._endpoint

    def stop(self) -> None:
        """Stopping it is the parent's."""

    def death(self) -> str | None:
        """Returns None while the server lives, else what became of it."""
        return self._ask("death")  # type: ignore[no-any-return]

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of its log."""
        return str(self._ask("log_tail", lines))

    def _ask(self, method: str, *arguments: Any) -> Any:
        return self._desk.ask(self._name, method, *arguments)


class _WithLog(BorrowedProvider):
    """One whose log can be read from a position on."""

    def log_position(self) -> Any:
        """Returns where the log ends now."""
        return self._ask("log_position")

    def log_since(self, position: Any) -> str:
        """Returns what was logged since then."""
        return str(self._ask("log_since", position))

    def log_place(self) -> str:
        """Returns where the whole log is."""
        return str(self._ask("log_place"))


class _WithPause(_WithLog):
    """One that can be frozen, for all workers."""

    def pause(self) -> None:
        """Freezes the server.

        Raises:
            CannotPauseError: other scenarios may use it now.
        """
        if not self._may_pause():
            raise CannotPauseError(
                f"{self._name} cannot be taken away from this scenario alone",
                seen="workers share it, and other scenarios run meanwhile",
                looked="the tags of the scenario",
                remedy="tag the scenario @serial: then no other one runs beside it",
            )
        self._ask("pause")

    def resume(self) -> None:
        """Lets the server go on."""
        self._ask("resume")


def _provider(
    name: str, acquired: Acquired, desk: Desk, may_pause: Callable[[], bool]
) -> BorrowedProvider:
    kind = BorrowedProvider
    if acquired.has_log:
        kind = _WithPause if acquired.is_pausable else _WithLog
    return kind(name, acquired.endpoint, desk, may_pause)
