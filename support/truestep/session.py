"""One run as behave's hooks drive it: what is started when, and what each scenario gets."""

from __future__ import annotations

import atexit
import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from truestep import polling
from truestep.clock import Clock
from truestep.console import Console
from truestep.errors import UntaggedServiceError
from truestep.plan import Plan
from truestep.pool import RUN, RunningService, ServicePool
from truestep.services import registry
from truestep.services.base import RunContext
from truestep.settings import read_settings
from truestep.tags import Lifetime
from truestep.workspace import Workspace

# The header is complete when all services are ready this soon; slower ones are announced later,
# so that a scenario never waits for a service of another one.
_HEADER_PATIENCE_S = 2.0
_STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Session:
    """The run: reads the settings, plans, starts services, and cleans up.

    Args:
        context: behave's context in `before_all`.

    Raises:
        TruestepError: bad input, before anything is started.
    """

    def __init__(self, context: Any) -> None:
        # behave offers its features and steps to hooks by no other way.
        runner = context._runner  # noqa: SLF001
        self._console = Console()
        root = Path.cwd()
        settings = read_settings(
            registry.service_keys(),
            folder=root,
            environment=os.environ,
            userdata=context.config.userdata,
        )
        polling.configure(scale=settings.wait_scale)
        self._plan = Plan(
            runner.features,
            config=context.config,
            registry=runner.step_registry,
            services=registry.SERVICES,
            lifetime=settings.lifetime,
        )
        self._workspace = Workspace()
        run_id = secrets.token_hex(3)
        run = RunContext(run_id, root, settings.cache, self._workspace, self._console)
        self._pool = ServicePool(settings, run)
        self._unannounced: list[tuple[str, str]] = []
        self._scenario_count = 0
        self._closed = False
        self._undo = ExitStack()

    def open(self) -> None:
        """Checks and starts what the run needs; prints the header."""
        needed = self._plan.needed()
        if not needed:
            return
        # Undone in the reverse order: signals are held back until all is gone.
        self._undo.enter_context(_signals_as_interrupts())
        self._undo.callback(self._workspace.close)
        self._undo.callback(self._pool.close)
        self._undo.callback(_hold_signals_back)
        # For an end that skips behave's cleanups: a formatter that raises, a second Ctrl-C.
        atexit.register(self.close)
        self._pool.check(needed)
        self._start(self._plan.needed_for_run(), RUN)
        self._header(needed)

    def close(self) -> None:
        """Stops everything; safe to call again."""
        if self._closed:
            return
        self._closed = True
        self._undo.close()
        atexit.unregister(self.close)

    def before_feature(self, context: Any, feature: Any) -> None:
        """Starts the services that live as long as the feature."""
        names = self._plan.needed_for_feature(feature)
        if names:
            owner = _owner(Lifetime.FEATURE, feature)
            context.add_cleanup(self._pool.stop, owner)
            self._start(names, owner)

    def before_scenario(self, context: Any, scenario: Any) -> None:
        """Gives the scenario its clients, each bound to a place of its own.

        Raises:
            UndefinedStepError: a step has no definition, so nothing is started for it.
            ServiceError, BackendUnavailableError: one of its services is not to be had.
        """
        plan = self._plan.of(scenario)
        if plan.refusal:
            raise plan.refusal
        context.kept = {}
        scope = ScenarioScope()
        context.scope = scope
        context.add_cleanup(scope.leave)
        owner = self._owner_for(context, plan.lifetime, scenario, plan.services)
        self._scenario_count += 1
        for name in sorted(plan.services):
            client = scope.enter(self._pool.acquire(name, owner), f"s{self._scenario_count}")
            setattr(context, name, client)
        for name in registry.SERVICES.keys() - plan.services:
            setattr(context, name, UntaggedService(name, str(scenario.location)))
        context.clock = scope.clock()
        self._announce()

    def after_step(self, context: Any, step: Any) -> None:
        """Tells a failure that comes from a dead server apart from a failed expectation."""
        if step.status.has_failed():
            context.scope.raise_if_dead()

    def _owner_for(
        self, context: Any, lifetime: Lifetime, scenario: Any, services: frozenset[str]
    ) -> str:
        if lifetime is Lifetime.RUN:
            return RUN
        if lifetime is Lifetime.FEATURE:
            return _owner(lifetime, scenario.feature)
        owner = _owner(lifetime, scenario)
        context.add_cleanup(self._pool.stop, owner)
        # Cleanups run last in, first out: the scope has to leave before its servers stop.
        context.add_cleanup(context.scope.leave)
        self._pool.start(sorted(services), owner)
        return owner

    def _start(self, names: list[str], owner: str) -> None:
        self._pool.start(names, owner)
        self._unannounced += [(name, owner) for name in names]

    def _header(self, needed: list[str]) -> None:
        count = self._plan.count()
        scenarios = "1 scenario needs" if count == 1 else f"{count} scenarios need"
        self._console.say(f"truestep: {scenarios} {', '.join(needed)}")
        for name in self._plan.first():
            if self._pool.owns(name, RUN):
                self._pool.wait(name, RUN)
        self._announce(within_s=_HEADER_PATIENCE_S)
        starting = {name for name, _ in self._unannounced}
        for name in needed:
            if name in starting:
                self._say_row(name, "is starting")
            elif not self._pool.owns(name, RUN):
                self._say_row(name, "starts when it is needed")

    def _announce(self, *, within_s: float = 0.0) -> None:
        """Prints a row for each service that has become ready, or failed, since the last call."""
        give_up = time.monotonic() + within_s
        for name, owner in list(self._unannounced):
            if not self._pool.wait(name, owner, within_s=max(0.0, give_up - time.monotonic())):
                continue
            self._unannounced.remove((name, owner))
            running = self._pool.ready(name, owner)
            what = f"{running.version:<14} {running.took_s:.2f} s" if running else "failed to start"
            self._say_row(name, what)

    def _say_row(self, name: str, what: str) -> None:
        choice = self._pool.choice(name)
        self._console.say(f"  {name:<9} {what:<24} {choice.backend:<9} {choice.why}")


class ScenarioScope:
    """The places that one scenario has on its services."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[RunningService, Any]] = {}
        self._undo = ExitStack()

    def enter(self, running: RunningService, scenario_id: str) -> Any:
        """Makes a place for the scenario and returns the client bound to it.

        Raises:
            ServiceError: the server has died.
        """
        try:
            client = running.isolation.enter(scenario_id)
        except running.service.not_ready():
            running.raise_if_dead()
            raise
        self._places[running.service.name] = (running, client)
        self._undo.callback(self._leave, running, client)
        return client

    def clock(self) -> Clock:
        """Returns the clock of the scenario."""
        return Clock(
            {name: (run.isolation, client) for name, (run, client) in self._places.items()}
        )

    def leave(self) -> None:
        """Closes the clients and removes their places; safe to call again."""
        self._places.clear()
        self._undo.close()

    def raise_if_dead(self) -> None:
        """Raises ServiceError when one of the scenario's servers has died."""
        for running, _ in self._places.values():
            running.raise_if_dead()

    @staticmethod
    def _leave(running: RunningService, client: Any) -> None:
        try:
            running.isolation.leave(client)
        except running.service.not_ready():
            # What a dead server kept is gone with it; its death has been reported.
            if running.provider.death() is None:
                raise


class UntaggedService:
    """Stands where the client would be in a scenario whose tags did not ask for the service."""

    def __init__(self, name: str, where: str) -> None:
        self._name = name
        self._where = where

    def __getattr__(self, attribute: str) -> NoReturn:
        name = self.__dict__["_name"]
        raise UntaggedServiceError(
            f"this scenario uses {name} without asking for it",
            seen=f"a step reads context.{name}.{attribute}",
            looked=f"the tags of {self.__dict__['_where']}",
            remedy=f"tag the scenario or its feature @{name}",
        )


def _owner(lifetime: Lifetime, statement: Any) -> str:
    return f"{lifetime} {statement.location} {id(statement)}"


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does: behave then runs its hooks and cleanups."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_STOPPING_SIGNALS)}
    for number in _STOPPING_SIGNALS:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hold_signals_back() -> None:
    """Nothing interrupts the clean-up; it is bounded in time itself."""
    for number in (signal.SIGINT, *_STOPPING_SIGNALS):
        signal.signal(number, signal.SIG_IGN)
