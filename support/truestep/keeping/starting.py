"""Giving a service a keeper, and finding the one that it has."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from truestep.errors import ServiceError
from truestep.keeping.state import KeptService, State, fingerprint
from truestep.services.base import Choice, Service
from truestep.settings import Backend, Settings, Values

_KEEPER = "truestep.keeping.keeper"
WHY = "kept by truestep up"


@dataclass(frozen=True)
class Started:
    """A service that has just been given a keeper, and how long it took to be ready."""

    kept: KeptService
    took_s: float


def usable(service: Service, settings: Settings) -> KeptService | None:
    """Returns the kept service that a run with these settings can use; None when there is none.

    Says so when there is one that it cannot use.
    """
    kept = State(service.context.root).find(service.name)
    problem = unusable(kept, service, settings) if kept else None
    if problem is None:
        return kept
    service.context.console.say(
        f"truestep: the kept {service.name} is not used: {problem}; python -m truestep down"
    )
    return None


def unusable(kept: KeptService, service: Service, settings: Settings) -> str | None:
    """Returns None when a run with these settings can use the kept service, else why not."""
    asked, place = settings.backend(service.name)
    if service.values["url"] is not None or asked is Backend.EXTERNAL:
        return "this run has its own, by URL"
    if asked not in (Backend.AUTO, kept.backend):
        return f"it is {kept.backend}, and {place} asks for {asked}"
    if kept.settings != fingerprint(service.name, service.values):
        return "it was started with other settings, or by another version"
    return None


def can_be_given_a_keeper(service: Service) -> bool:
    """Tells whether none is kept yet, usable or not: there is one of each kind in a project."""
    return State(service.context.root).find(service.name) is None


def start_keeper(service: Service, choice: Choice, general: Values) -> Started:
    """Starts a service that outlives this process, and waits until it is ready.

    Args:
        service: which one, with its settings.
        choice: what it runs on.
        general: the general settings.

    Raises:
        ServiceError: it could not be started.
    """
    context = service.context
    state = State(context.root)
    with state.alone(service.name):
        kept = state.find(service.name)
        if kept is None:
            return _start(service, choice, general, state)
        # Somebody else has started one meanwhile.
        if kept.settings == fingerprint(service.name, service.values):
            return Started(kept, 0.0)
        raise ServiceError(
            f"{service.name} ({choice.backend}) could not be kept",
            seen="another one, with other settings, was started meanwhile",
            looked=f"what is kept for {context.root}",
            remedy="python -m truestep down, then try again",
        )


def _start(service: Service, choice: Choice, general: Values, state: State) -> Started:
    context = service.context
    order = {
        "name": service.name,
        "project": str(context.root.resolve()),
        "cache": str(context.cache.absolute()),
        "settings": {
            **_written("", general),
            **_written(f"{service.name}.", service.values),
            f"{service.name}.backend": str(choice.backend),
        },
    }
    with _ctrl_c_held_back():
        keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", _KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )
    answer, _ = keeper.communicate(json.dumps(order))
    told = json.loads(answer or "null")
    kept = state.find(service.name)
    if told and told["error"]:
        what, seen, looked, remedy = told["error"]
        raise ServiceError(what, seen=seen, looked=looked, remedy=remedy)
    if not told or kept is None:
        raise ServiceError(
            f"{service.name} ({choice.backend}) could not be kept",
            seen="its keeper has ended",
            looked="what it printed above",
            remedy="mend that, and try again",
        )
    return Started(kept, told["took_s"])


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """For what is started in here, until it lets it through: it is not ready for it at first."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _written(prefix: str, values: Values) -> Mapping[str, str]:
    return {f"{prefix}{key}": origin.text for key, origin in values.origins.items()}
