"""The service with all it stands on, from its compose file: up for the scenarios of one feature."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from behave.model import Feature
from behave.runner import Context

from examples.accounts.specs.own_run import NAME, new_run, started
from truestep.housekeeping import project_settings
from truestep.pool import RunningService
from truestep.scope import ScenarioScope
from truestep.services import registry
from truestep.services.application.compose import ComposeStack
from truestep.services.engine import docker_client
from truestep.settings import Backend

_stacks: WeakKeyDictionary[Feature, Stack] = WeakKeyDictionary()
_INSIST = f"to insist on it: -D {NAME}.backend=docker"


class Stack:
    """The stack of `[service.accounts]`, whichever backend the run uses for its other specs."""

    def __init__(self, userdata: dict[str, str]) -> None:
        self._userdata = userdata
        in_docker = {**userdata, f"{NAME}.backend": "docker"}
        self._settings = project_settings(Path.cwd(), os.environ, in_docker)
        self._run = new_run(self._settings, Path.cwd())
        self._project = f"truestep-{self._run.run_id}-{NAME}"
        self._undo = ExitStack()
        self._running: RunningService | None = None
        self._belongings: set[str] = set()

    @property
    def provider(self) -> ComposeStack:
        """The stack itself; fails the step when it is not up."""
        if self._running is None or not isinstance(self._running.provider, ComposeStack):
            raise AssertionError("the stack is not up")
        return self._running.provider

    @cached_property
    def problem(self) -> str | None:
        """Why it cannot come up soon, without a pull; None for who has asked for docker."""
        asked, _ = project_settings(Path.cwd(), os.environ, self._userdata).backend(NAME)
        if asked is Backend.DOCKER:
            return None
        return ComposeStack(NAME, self._settings.services[NAME], self._run).pull_problem()

    def up(self) -> None:
        """Builds and starts it, unless it is up."""
        if self._running is not None:
            return
        self._running = self._undo.enter_context(started(self._settings, self._run))
        self._belongings = set(self._found())

    def enter(self, context: Context) -> None:
        """Gives the scenario the clients that it would have by the tags @accounts and so on."""
        running = self._running
        if running is None:
            raise AssertionError("the stack is not up")
        context.scope = scope = ScenarioScope()
        context.add_cleanup(scope.leave)
        for name in registry.SERVICES:
            if name in running.beside:
                setattr(context, name, scope.enter(running.beside[name], "stack"))
        context.http = scope.enter(running, "stack")

    def down(self) -> None:
        """Takes it down; does nothing when it is not up."""
        self._running = None
        self._undo.close()

    def belongings(self) -> set[str]:
        """Returns what the engine had for the stack when it was up: `volume 3f2a…` and the like."""
        return self._belongings

    def left(self) -> list[str]:
        """Returns what the engine has of that now."""
        return sorted({*self._belongings} & {*self._everything()} | {*self._found()})

    def _found(self) -> Iterator[str]:
        ours = {"label": f"com.docker.compose.project={self._project}"}
        with closing(docker_client()) as client:
            for container in client.containers.list(all=True, filters=ours):
                yield f"container {container.id}"
                for mount in container.attrs["Mounts"]:
                    if mount["Type"] == "volume":
                        yield f"volume {mount['Name']}"
            yield from (f"network {one.id}" for one in client.networks.list(filters=ours))

    @staticmethod
    def _everything() -> Iterator[str]:
        with closing(docker_client()) as client:
            yield from (f"container {one.id}" for one in client.containers.list(all=True))
            yield from (f"network {one.id}" for one in client.networks.list())
            yield from (f"volume {one.name}" for one in client.volumes.list())


def stack(context: Context) -> Stack:
    """Returns the stack of this feature, which is taken down with it."""
    feature: Any = context.feature
    if feature not in _stacks:
        _stacks[feature] = Stack(dict(context.config.userdata))
        context.add_cleanup(_stacks[feature].down, layer="feature")
    return _stacks[feature]


def bring_up(context: Context) -> None:
    """Brings the stack up for the scenario, which is skipped if that would take a pull.

    No run waits for a pull, unless it asks for docker.
    """
    problem = stack(context).problem
    if problem:
        context.truestep.skip(context.scenario, f"{problem}; {_INSIST}")
        return
    stack(context).up()
    stack(context).enter(context)
