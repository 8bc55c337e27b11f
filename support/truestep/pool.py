"""Starting services side by side in the background, and stopping them: the only owner of both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from truestep.collector import uncollected
from truestep.errors import ServiceError, file_trouble
from truestep.keeping.provider import KeptProvider
from truestep.keeping.starting import WHY, start_keeper, usable
from truestep.keeping.state import KeptService
from truestep.polling import pause, pauses, scaled
from truestep.services import registry
from truestep.services.application.service import ApplicationService, NotHealthyYetError
from truestep.services.base import (
    Choice,
    Endpoint,
    Isolation,
    Provider,
    RunContext,
    Service,
    close_unless_dead,
)
from truestep.services.choice import choose
from truestep.settings import Backend, Settings

RUN = "run"
_STOP_WAITS_S = 30.0
# What a run waits for; a server that is not ready answers at once.
_LOOKS_EVERY_S = 0.005


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
        return _Start(service, provider, choice, isolated=self._isolated)

    def _prepared(self, name: str, owner: str, choice: Choice) -> tuple[Service, Provider]:
        if owner == RUN and name in self._kept:
            return self._service(name), KeptProvider(partial(self._kept.__getitem__, name))
        service, provider = self._checked.pop(name) if name in self._checked else self._new(name)
        stays = self._settings.reuse and owner == RUN and self._can_be_kept(name)
        if stays and choice.backend is not Backend.EXTERNAL:
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


class _Start:
    """One start of one server in a thread of its own, and its stop."""

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
        threading.Thread(target=self._load_client, daemon=True).start()
        self._thread.start()

    def _load_client(self) -> None:
        """Imports the client library while the server starts; not_ready() knows which it is."""
        with uncollected():
            self._service.not_ready()

    def result(self) -> RunningService:
        return self._future.result()

    def wait(self, within_s: float | None) -> bool:
        return bool(wait([self._future], timeout=within_s).done)

    def ready(self) -> RunningService | None:
        done = self._future.done() and self._future.exception() is None
        return self._future.result() if done else None

    def told(self, owner: str) -> StartedService:
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
        self._stopping.set()
        self._provider.interrupt()

    def stop(self) -> None:
        self.give_up()
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
