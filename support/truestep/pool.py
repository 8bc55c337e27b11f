"""Starting services side by side in the background, and stopping them: the only owner of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Protocol

from truestep.errors import ServiceError
from truestep.keeping.provider import KeptProvider
from truestep.keeping.starting import WHY, can_be_given_a_keeper, start_keeper, usable
from truestep.keeping.state import KeptService
from truestep.services import registry
from truestep.services.application.service import ApplicationService
from truestep.services.base import Choice, Endpoint, Provider, RunContext, Service
from truestep.services.choice import choose
from truestep.settings import Backend, Settings
from truestep.start import RunningService, ServerStart, Start, StartedService

RUN = "run"


class Elsewhere(Protocol):
    """Services of the run that another process starts and stops."""

    def check(self, names: Iterable[str]) -> Mapping[str, Choice]:
        """Does what `ServicePool.check` does; returns the choices."""

    def start(self, service: Service, choice: Choice) -> Start:
        """Returns what asks for the service there."""


class ServicePool:
    """All servers of a run. Each belongs to an owner: the run, a feature or a scenario.

    Args:
        settings: the run's settings.
        context: what services may know of the run.
        isolated: whether scenarios enter the services here, and not in another process.
        elsewhere: where the services of the run are, if not here; applications always are here.
        may_keep: whether it uses services that outlive a run. A keeper's own pool does not: it is
            what such a service is started by.
    """

    def __init__(
        self,
        settings: Settings,
        context: RunContext,
        *,
        isolated: bool = True,
        elsewhere: Elsewhere | None = None,
        may_keep: bool = True,
    ) -> None:
        self._settings = settings
        self._context = context
        self._isolated = isolated
        self._elsewhere = elsewhere
        self._may_keep = may_keep
        self._choices: dict[str, Choice] = {}
        # Each is started by who has checked it, and need not look again at what is kept.
        self._checked: dict[str, tuple[Service, Provider]] = {}
        self._kept: dict[str, KeptService] = {}
        self._starts: dict[tuple[str, str], Start] = {}
        self._history: list[tuple[str, Start]] = []

    def check(self, names: Iterable[str]) -> None:
        """Chooses a backend for each service and refuses what cannot work, before any start.

        Raises:
            SettingsError, BackendUnavailableError, ServiceError: for the first that cannot work.
        """
        names = list(names)
        if self._elsewhere is not None:
            there = [name for name in names if name in registry.SERVICES]
            self._choices |= self._elsewhere.check(there)
            names = [name for name in names if name not in there]
        self._choices |= {name: self._choose(name) for name in names}
        with ThreadPoolExecutor(max_workers=max(1, len(names))) as threads:
            for checked in [threads.submit(self._check, name) for name in names]:
                checked.result()

    def choice(self, name: str) -> Choice:
        """Returns the backend that `check` chose."""
        return self._choices[name]

    def stands_on(self, name: str) -> tuple[frozenset[str], frozenset[str]]:
        """Returns, for an application, its services: those of the run, and those all its own.

        Empty sets for a service that is none.

        Raises:
            SettingsError: it needs a service that is unknown.
        """
        service = self._service(name)
        if not isinstance(service, ApplicationService):
            return frozenset(), frozenset()
        shared = frozenset(service.needs(self._choose(name).backend))
        return shared, frozenset(service.values["needs"]) - shared

    def start(self, names: Iterable[str], owner: str) -> None:
        """Starts the services in the background; `acquire` waits for one of them."""
        starts = {(name, owner): self._new_start(name, owner) for name in names}
        # All are there before the first begins: an application asks for what it stands on.
        self._starts |= starts
        self._history += [(owner, start) for start in starts.values()]
        for start in starts.values():
            start.begin()

    def acquire(self, name: str, owner: str) -> RunningService:
        """Returns the service of `owner` once it is ready.

        Raises:
            ServiceError, BackendUnavailableError: it could not be started.
        """
        return self._starts[name, owner].result()

    def wait(self, name: str, owner: str, *, within_s: float | None = None) -> bool:
        """Waits until the start has succeeded or failed; tells whether it has, within that time."""
        return self._starts[name, owner].wait(within_s)

    def told(self, name: str, owner: str) -> StartedService:
        """Returns what there is to tell of a start now."""
        return self._starts[name, owner].told(owner)

    def owns(self, name: str, owner: str) -> bool:
        """Tells whether `owner` has started the service."""
        return (name, owner) in self._starts

    def history(self) -> list[StartedService]:
        """Returns every service that was started so far, in order; also those that have stopped."""
        return [start.told(owner) for owner, start in self._history]

    def running(self) -> list[RunningService]:
        """Returns the services that are ready now."""
        found = [start.ready() for start in self._starts.values()]
        return [service for service in found if service is not None]

    def stop(self, owner: str) -> None:
        """Stops all servers of `owner`, side by side; returns when they are gone."""
        self._stop([key for key in self._starts if key[1] == owner])

    def close(self) -> None:
        """Stops all servers of all owners."""
        self._stop(list(self._starts))

    def _stop(self, keys: list[tuple[str, str]]) -> None:
        for key in keys:
            self._starts[key].give_up()
        # An application goes before the services that it stands on.
        with ExitStack() as stack:
            for last in (True, False):
                group = [key for key in keys if (key[0] in registry.SERVICES) is last]
                stack.callback(_side_by_side, [self._starts.pop(key).stop for key in group])

    def _service(self, name: str) -> Service:
        values = self._settings.services[name]
        if name in registry.SERVICES:
            return registry.service_class(name)(values, self._context)
        return ApplicationService(
            name,
            values,
            self._context,
            acquire=lambda need: self.acquire(need, RUN),
            has_url=lambda need: self._settings.services[need]["url"] is not None,
        )

    def _new_start(self, name: str, owner: str) -> Start:
        choice = self._choices[name]
        if self._elsewhere is not None and owner == RUN and name in registry.SERVICES:
            return self._elsewhere.start(self._service(name), choice)
        service, provider = self._prepared(name, owner, choice)
        return ServerStart(service, provider, choice, isolated=self._isolated)

    def _prepared(self, name: str, owner: str, choice: Choice) -> tuple[Service, Provider]:
        if owner == RUN and name in self._kept:
            return self._service(name), KeptProvider(partial(self._kept.__getitem__, name))
        service, provider = self._checked.pop(name) if name in self._checked else self._new(name)
        stays = self._settings.reuse and owner == RUN and self._can_be_kept(name)
        if stays and choice.backend is not Backend.EXTERNAL and can_be_given_a_keeper(service):
            general = self._settings.general
            provider = KeptProvider(lambda: start_keeper(service, choice, general).kept)
        return service, provider

    def _can_be_kept(self, name: str) -> bool:
        return self._may_keep and name in registry.SERVICES

    def _new(self, name: str) -> tuple[Service, Provider]:
        service = self._service(name)
        return service, service.provider(self._choices[name].backend)

    def _choose(self, name: str) -> Choice:
        service = self._service(name)
        kept = usable(service, self._settings) if self._can_be_kept(name) else None
        if kept is None:
            return choose(service, self._settings)
        self._kept[name] = kept
        return Choice(kept.backend, WHY)

    def _check(self, name: str) -> None:
        if name in self._kept:
            return
        service, provider = self._new(name)
        provider.check()
        self._checked[name] = service, provider
        if self._choices[name].backend is Backend.EXTERNAL:
            _probe_external(service, service.values["url"])


def _probe_external(service: Service, endpoint: Endpoint) -> None:
    try:
        service.probe(endpoint)
    except service.not_ready() as error:
        raise ServiceError(
            f"{service.name} (external) does not answer",
            seen=f"{type(error).__name__}: {str(error).strip()}",
            looked=f"{endpoint.url}, from {service.values.origin('url')}",
            remedy="start that server, correct the URL, or leave it out to have one started",
        ) from None


def _side_by_side(calls: list[Callable[[], None]]) -> None:
    """Calls all, waits for all, then raises the first error: one failing stop stops no other.

    Plain threads: an executor starts none any more once the interpreter is ending.
    """
    errors: list[Exception] = []

    def guarded(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # raised below, when all have had their turn
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(call,)) for call in calls]
    for thread, call in zip(threads, calls, strict=True):
        try:
            thread.start()
        except RuntimeError:
            # Since Python 3.12 the ending interpreter starts no thread at all.
            guarded(call)
    for thread in threads:
        if thread.ident is not None:
            thread.join()
    if errors:
        raise errors[0]
