"""`python -m truestep up` and `down`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from truestep.console import Console
from truestep.errors import ServiceError, SettingsError, nearest
from truestep.keeping.starting import start_keeper, unusable
from truestep.keeping.state import KeptService, State
from truestep.polling import pause, pauses, scaled
from truestep.services import registry
from truestep.services.base import RunContext, Service
from truestep.services.choice import choose
from truestep.settings import Backend, Settings
from truestep.workspace import Workspace

_STOPS_WITHIN_S = 60.0


def up(names: Sequence[str], settings: Settings, root: Path, console: Console) -> None:
    """Starts services that stay, side by side; those that are kept already are left as they are.

    Args:
        names: which ones; all but those given by URL when empty.
        settings: of the project.
        root: the project's folder.
        console: where each is announced.

    Raises:
        SettingsError: a name is not one of a service, or it is given by URL.
        ServiceError: one of them could not be started; those before it stay.
    """
    context = RunContext("up", root, settings.cache, Workspace(), console)
    services = [
        registry.service_class(name)(settings.services[name], context)
        for name in _known(names) or registry.SERVICES
    ]
    own = [service for service in services if not _is_external(service, settings)]
    if names and len(own) < len(services):
        [external, *_] = (service.name for service in services if service not in own)
        raise SettingsError(
            f"{external} cannot be kept",
            seen="a URL says where it is: it is not Truestep that starts it",
            looked=settings.services[external].origin("url"),
            remedy="leave its name out, or take the URL away",
        )
    try:
        with ThreadPoolExecutor(max(1, len(own))) as threads:
            for row in [threads.submit(_up, service, settings) for service in own]:
                console.say(row.result())
    except KeyboardInterrupt:
        console.say("truestep: broken off; what is ready stays: python -m truestep down")
        raise


def down(names: Sequence[str], root: Path, console: Console) -> None:
    """Stops services that were kept for the project in `root`; returns when they are gone.

    Raises:
        SettingsError: a name is not one of a service.
        ServiceError: one of them does not end.
    """
    state = State(root)
    wanted = _known(names) or registry.SERVICES
    for name in state.forget_dead():
        console.say(f"  {name:<9} its keeper had died; forgotten")
    kept = [one for one in state.all() if one.name in wanted]
    for one in kept:
        _stop(one, state)
        console.say(f"  {one.name:<9} stopped")
    if not kept:
        console.say(f"truestep: nothing is kept for {root}")


def _up(service: Service, settings: Settings) -> str:
    state = State(service.context.root)
    other = state.find(service.name)
    if other:
        problem = unusable(other, service, settings)
        if problem is None:
            return f"  {other.name:<9} {other.version:<14} kept already  {other.backend}"
        service.context.console.say(f"truestep: the kept {other.name} goes: {problem}")
        _stop(other, state)
    choice = choose(service, settings)
    started = start_keeper(service, choice, settings.general)
    what = f"{started.kept.version:<14} {started.took_s:.2f} s"
    return f"  {service.name:<9} {what:<24} {choice.backend:<9} {choice.why}"


def _stop(kept: KeptService, state: State) -> None:
    with ExitStack() as undo:
        try:
            is_gone = undo.enter_context(state.ending(kept.name))
            os.kill(kept.pid, signal.SIGTERM)
        except (FileNotFoundError, ProcessLookupError):
            return
        waited_s = 0.0
        for seconds in pauses():
            if is_gone():
                return
            if waited_s > scaled(_STOPS_WITHIN_S):
                raise ServiceError(
                    f"{kept.name} (kept) does not end",
                    seen=f"its keeper still runs {waited_s:.0f} s after it was told to stop",
                    looked=f"the process {kept.pid}",
                    remedy=f"kill it; what it has started goes with it: kill -9 {kept.pid}",
                )
            pause(seconds)
            waited_s += seconds


def _known(names: Iterable[str]) -> list[str]:
    for name in names:
        if name not in registry.SERVICES:
            raise SettingsError(
                f"the service {name!r} cannot be kept",
                seen=f"the nearest that can is {nearest(name, registry.SERVICES)!r}",
                looked="the command line",
                remedy=f"use one of {', '.join(registry.SERVICES)}",
            )
    return list(names)


def _is_external(service: Service, settings: Settings) -> bool:
    asked, _ = settings.backend(service.name)
    return service.values["url"] is not None or asked is Backend.EXTERNAL
