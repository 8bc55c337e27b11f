"""One run as behave's hooks drive it: what is started when, and what each scenario gets."""

from __future__ import annotations

import atexit
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

from truestep import polling
from truestep.console import Console
from truestep.errors import NoAnswerError, ResetRefusedError
from truestep.header import Header
from truestep.plan import Plan, ScenarioPlan
from truestep.pool import RUN, ServicePool
from truestep.project import project_settings
from truestep.scope import DIES_WITHIN_S, ScenarioScope, UntaggedService
from truestep.services import registry
from truestep.services.base import RunContext
from truestep.signals import hold_signals_back, signals_as_interrupts
from truestep.start import RunningService, StartedService
from truestep.tags import Lifetime
from truestep.workspace import Workspace


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
        # By Truestep's runner; a project may have our hooks and behave's.
        self._signals_are_handled = hasattr(runner, "interruptions")
        self._console = Console()
        root = Path.cwd()
        settings = project_settings(root, os.environ, context.config.userdata)
        polling.configure(scale=settings.wait_scale)
        self._workspace = Workspace()
        self.run_id = secrets.token_hex(3)
        run = RunContext(self.run_id, root, settings.cache, self._workspace, self._console)
        self._run = run
        # A worker's; the services of the run are its parent's.
        elsewhere = getattr(runner, "elsewhere", None)
        self._is_worker = elsewhere is not None
        self._announces = getattr(runner, "announces", True)
        self._pool = ServicePool(settings, run, elsewhere=elsewhere)
        self._applications = frozenset(settings.services) - registry.SERVICES.keys()
        self._plan = Plan(
            runner.features,
            config=context.config,
            registry=runner.step_registry,
            services=settings.services,
            applications=self._applications,
            lifetime=settings.lifetime,
            stands_on=self._pool.stands_on,
        )
        if not self._is_worker:
            # Of those in a worker it is not known which ones will come here, nor how often.
            run.to_come.update(self._plan.uses())
        self._header = Header(
            self._plan,
            self._pool,
            self._console,
            meanwhile=getattr(runner, "while_services_start", lambda: None),
        )
        self._scenario_count = 0
        self._closed = False
        self._undo = ExitStack()

    def open(self, context: Any) -> None:
        """Checks and starts what the run needs; prints the header."""
        # What a scenario has that asks for nothing. Set once: behave notes the caller's line for
        # every attribute set on its context, which costs more than all else that we do here.
        context.kept = {}
        context.scope = ScenarioScope()
        context.clock = context.scope.clock()
        where = partial(_where, context)
        context.http = self._no_application(where)
        for name in self._plan.services:
            setattr(context, name, UntaggedService(name, where))
        needed = self._plan.needed()
        if not needed:
            return
        # Undone in the reverse order: signals are held back until all is gone.
        if not self._signals_are_handled:
            self._undo.enter_context(signals_as_interrupts())
        self._undo.callback(self._workspace.close)
        self._undo.callback(self._pool.close)
        self._undo.callback(hold_signals_back)
        # For an end that skips behave's cleanups: a formatter that raises, a second Ctrl-C.
        atexit.register(self.close)
        self._pool.check(needed)
        first = self._plan.needed_for_run()
        if self._is_worker:
            # Which scenarios come here is not known: an application waits for its first one.
            first = [name for name in first if name not in self._applications]
        self._start(first, RUN)
        if self._announces:
            self._header.print()

    def is_needed(self) -> bool:
        """Tells whether any selected scenario asks for a service."""
        return self._plan.count() > 0

    def close(self) -> None:
        """Stops everything; safe to call again."""
        if self._closed:
            return
        self._closed = True
        self._undo.close()
        atexit.unregister(self.close)

    def services(self) -> list[StartedService]:
        """Returns every service that was started so far."""
        return self._pool.history()

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
        context.kept.clear()
        self._announce()
        if not plan.tagged:
            return
        context.scope = ScenarioScope()
        context.add_cleanup(context.scope.leave)
        try:
            clients = self._enter(context, scenario, plan)
        except ResetRefusedError as refused:
            self.skip(scenario, str(refused))
            return
        finally:
            # Also of what only this scenario has waited for.
            self._announce()
        for name in plan.tagged:
            setattr(context, name, clients[name])
        tested = sorted(plan.tagged & self._applications)
        if tested:
            context.http = clients[tested[0]]
        context.clock = context.scope.clock()

    def skip(self, scenario: Any, reason: str) -> None:
        """Leaves out the steps of a scenario that are still to come, and says why."""
        scenario.skip(reason)
        self._console.say(f"truestep: skipped {scenario.location}: {reason}")

    def after_step(self, context: Any, step: Any) -> None:
        """Tells a failure that comes from a dead server apart from a failed expectation."""
        if step.status.has_failed():
            error = step.exception
            unanswered = isinstance(error, NoAnswerError) or context.scope.is_broken_by(error)
            context.scope.raise_if_dead(within_s=DIES_WITHIN_S if unanswered else 0.0)

    def after_scenario(self, context: Any, scenario: Any) -> None:
        """Shows what the applications logged during a scenario that failed."""
        if scenario.status.has_failed() and "scope" in context:
            for name, log, place in context.scope.logs():
                self._console.say(f"truestep: {name} logged during {scenario.location}:")
                self._console.say(indent(log or "(nothing)", "    "))
                self._console.say(f"  All of its log: {place}")

    def _announce(self) -> None:
        if self._announces:
            self._header.announce()

    def _enter(self, context: Any, scenario: Any, plan: ScenarioPlan) -> dict[str, Any]:
        """Enters every service of the scenario, and every place of its applications."""
        owner = self._owner_for(context, scenario, plan)
        running: dict[str, RunningService] = {}
        for name in sorted(plan.tagged & self._applications):
            if not self._pool.owns(name, RUN):
                self._start([name], RUN)
            running[name] = self._pool.acquire(name, RUN)
            running |= running[name].beside
        for name in plan.tagged & plan.started:
            running.setdefault(name, self._pool.acquire(name, owner))
        self._refuse_missing(plan, running)
        to_come = self._run.to_come
        # A project may run a scenario twice, so that there come more than were selected.
        to_come |= {name: max(0, to_come[name] - 1) for name in to_come.keys() & plan.started}
        self._scenario_count += 1
        scenario_id = f"s{self._scenario_count}"
        self._run.scenarios[scenario_id] = f'"{scenario.name}" ({scenario.location})'
        # In the registry's order: the database is emptied before what follows from its rows.
        order = [*registry.SERVICES, *sorted(self._applications)]
        return {
            name: context.scope.enter(running[name], scenario_id)
            for name in order
            if name in running
        }

    def _no_application(self, where: Callable[[], str]) -> UntaggedService:
        tags = ", ".join(f"@{name}" for name in sorted(self._applications))
        remedy = f"tag the scenario or its feature with the name of an application: {tags}"
        describe = "describe your application in behave.ini, in a section [service.NAME]"
        return UntaggedService("http", where, remedy if tags else describe)

    def _refuse_missing(self, plan: ScenarioPlan, running: dict[str, RunningService]) -> None:
        missing = sorted(plan.tagged - running.keys())
        if missing:
            raise ResetRefusedError(
                f"this scenario looks into {', '.join(missing)} of a deployed application",
                seen="no URL says where it is",
                looked=f"the setting {missing[0]}.url",
                remedy=f"give it: -D {missing[0]}.url=…",
            )

    def _owner_for(self, context: Any, scenario: Any, plan: ScenarioPlan) -> str:
        if plan.lifetime is Lifetime.RUN:
            return RUN
        if plan.lifetime is Lifetime.FEATURE:
            return _owner(plan.lifetime, scenario.feature)
        owner = _owner(plan.lifetime, scenario)
        context.add_cleanup(self._pool.stop, owner)
        # Cleanups run last in, first out: the scope has to leave before its servers stop. behave
        # leaves out a cleanup that equals one it has, which this is not, as it takes an argument.
        context.add_cleanup(ScenarioScope.leave, context.scope)
        self._pool.start(sorted(plan.started), owner)
        return owner

    def _start(self, names: list[str], owner: str) -> None:
        self._pool.start(names, owner)
        self._header.expect(names, owner)


def _where(context: Any) -> str:
    # Asked of behave: in a run without services our own hooks are not there to note it.
    scenario = context.scenario if "scenario" in context else None
    return f"the tags of {scenario.location}" if scenario else "a hook: no scenario has begun"


def _owner(lifetime: Lifetime, statement: Any) -> str:
    return f"{lifetime} {statement.location} {id(statement)}"
