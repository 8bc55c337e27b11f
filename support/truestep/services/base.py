"""What a service, its providers and its isolation promise; optional abilities are protocols."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from truestep.console import Console
from truestep.evidence import Snapshot
from truestep.settings import Backend, Key, Values
from truestep.workspace import Workspace


@dataclass(frozen=True)
class Endpoint:
    """Where a running service is reached, with what is needed to log in."""

    host: str
    port: int
    # There may be a password in it, and a repr ends up in tracebacks.
    url: str = field(repr=False)


@dataclass(frozen=True)
class Choice:
    """A backend, never `auto`, and the reason in a few words for the run's header."""

    backend: Backend
    why: str


@dataclass(frozen=True)
class RunContext:
    """What a service may know of the run.

    `run_id` is short, lower-case, and unique to the run; `root` is the folder that relative
    paths in settings start from; `cache` is kept between runs and shared by concurrent ones;
    `scenarios` has the name and the place of each scenario that has begun, by its id; `to_come`
    how many are still to begin that use a service, by its name, where that is known.
    """

    run_id: str
    root: Path
    cache: Path
    workspace: Workspace
    console: Console
    scenarios: dict[str, str] = field(default_factory=dict)
    to_come: dict[str, int] = field(default_factory=dict)

    def place_of(self, application: str) -> str:
        """Returns what names carry that are an application's in this run, and nobody else's."""
        return f"{self.run_id}.{application}"


class Provider(ABC):
    """Starts and stops one server. `stop` may be called at any time, also before `start`.

    `stays` tells whether the server goes on after `stop`: what was made there has to be removed.
    """

    stays: ClassVar[bool] = False

    @abstractmethod
    def check(self) -> None:
        """Refuses what cannot work before anything is started, and fetches what is missing.

        Raises:
            BackendUnavailableError, ServiceError: with what was seen and what to do.
        """

    @abstractmethod
    def start(self) -> Endpoint:
        """Starts the server and returns where it will answer; does not wait until it is ready.

        Raises:
            ServiceError, BackendUnavailableError: with what was seen and what to do.
        """

    def interrupt(self) -> None:  # noqa: B027  # most starts are short
        """Makes a `start` that is under way in another thread give up soon, if that takes long."""

    @abstractmethod
    def stop(self) -> None:
        """Stops the server and removes all that `start` made. Returns when it is gone."""

    @abstractmethod
    def death(self) -> str | None:
        """Returns None while the server lives, else what became of it: `exited with code 1`."""

    def beside(self) -> Mapping[str, Any]:
        """Returns, for an application under test, the services it stands on, by name."""
        return {}

    @abstractmethod
    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of the server's log, or a sentence saying why there are none."""


class Isolation(ABC):
    """Keeps the scenarios of one running server apart."""

    @abstractmethod
    def prepare(self) -> None:
        """Called once, after the server is ready and before the first `enter`."""

    @abstractmethod
    def enter(self, scenario_id: str) -> Any:
        """Makes a fresh place for a scenario and returns a client that is bound to it."""

    @abstractmethod
    def leave(self, client: Any) -> None:
        """Closes the client and removes its place, with all that the scenario left there.

        No other scenario ever gets that place; it may be removed a little later.
        """

    @abstractmethod
    def close(self) -> None:
        """Removes what was made, on a server that stays, and disconnects."""

    def abandon(self) -> None:
        """Disconnects from a server that is stopped next, with all that is on it."""
        self.close()


@runtime_checkable
class HasLog(Protocol):
    """A provider whose server's log can be read from a position on."""

    def log_position(self) -> Any:
        """Returns where the log ends now."""

    def log_since(self, position: Any) -> str:
        """Returns what was logged since then."""

    def log_place(self) -> str:
        """Returns where the whole log is, in words: a file, a command."""


@runtime_checkable
class HasSnapshot(Protocol):
    """An isolation that can show what a scenario has done in its place."""

    def snapshot(self, client: Any) -> Snapshot:
        """Returns what there is to see in the client's place, limited in size.

        Raises one of the service's `not_ready()` when the server does not answer.
        """


@runtime_checkable
class Pausable(Protocol):
    """A provider whose server can be frozen: it keeps its connections, and answers nobody."""

    def pause(self) -> None:
        """Freezes the server."""

    def resume(self) -> None:
        """Lets the server go on where it was; safe to call when it is not frozen."""


class SharedPlace(Isolation):
    """One place with fixed names, emptied before each scenario: *reset* isolation."""

    @property
    @abstractmethod
    def url(self) -> str:
        """What the application is given to find the place, once it is prepared."""


@runtime_checkable
class CanTravel(Protocol):
    """An isolation whose clients' expiries can be moved as if time had passed."""

    def advance(self, client: Any, by: timedelta) -> None:
        """Moves every expiry of the scenario's place `by` nearer; what has run out is gone."""


@runtime_checkable
class CanSweep(Protocol):
    """An isolation that can clean up after a process which had no time to do so itself."""

    def sweep(self, run_id: str) -> None:
        """Removes what a killed run (or worker) of that id has left on the server.

        It has to be over: what it would still do is not waited for. Safe to call at any time,
        also before `prepare`, and for a run that has left nothing.
        """


class Service(ABC):
    """A kind of server: its settings, its three providers, its readiness and its isolation.

    Among its `keys` are always `url` (where an external one is) and `image` (for docker).

    The module of a service is imported in every run to read its settings, so it imports no
    client library at its top.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    keys: ClassVar[Mapping[str, Key]]

    def __init__(self, values: Values, context: RunContext) -> None:
        self.values = values
        self.context = context

    def to_come(self) -> int:
        """Returns how many scenarios are still to begin that use it, at most."""
        return self.context.to_come.get(self.name, sys.maxsize)

    def automatic(self) -> Choice:
        """Returns the backend for `auto`: docker when its image is already there, else embedded."""
        from truestep.services.engine import docker_problem

        problem = docker_problem(self.values["image"])
        if problem:
            return Choice(Backend.EMBEDDED, problem)
        return Choice(Backend.DOCKER, "a Docker engine has its image")

    @abstractmethod
    def provider(self, backend: Backend) -> Provider:
        """Returns the provider for `backend`, which is never `auto`."""

    @abstractmethod
    def probe(self, endpoint: Endpoint) -> str:
        """Does real work on the server by a real client and returns the server's version.

        Raises one of `not_ready()` while the server is still starting, and ServiceError when
        waiting longer is of no use: a wrong password, a database that does not exist.
        """

    @abstractmethod
    def not_ready(self) -> tuple[type[BaseException], ...]:
        """Returns the exceptions of `probe` after which another try makes sense."""

    @abstractmethod
    def isolation(self, endpoint: Endpoint, backend: Backend) -> Isolation:
        """Returns private isolation on a server that is ready."""

    def shared_place(self, endpoint: Endpoint, name: str | None, *, may_reset: bool) -> SharedPlace:
        """Returns the place that an application under test shares with its scenarios.

        An application has none: no other one stands on it.

        Args:
            endpoint: the server, which is ready.
            name: whose place to make; None when the endpoint's URL already names the place.
            may_reset: whether the place may be emptied; when not, `enter` raises
                ResetRefusedError instead.
        """
        raise NotImplementedError


def close_unless_dead(isolation: Isolation, service: Service, provider: Provider) -> None:
    """Closes the isolation; what a dead server kept is gone with it, so that is no error."""
    try:
        if provider.stays:
            isolation.close()
        else:
            isolation.abandon()
    except service.not_ready():
        if provider.death() is None:
            raise
