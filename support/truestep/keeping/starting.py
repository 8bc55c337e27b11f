"""Giving a service a keeper, and finding the one that it has."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
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
    state = State(service.context.root)
    kept = state.find(service.name)
    if kept is None:
        state.forget(service.name)
        return None
    asked, place = settings.backend(service.name)
    if service.values["url"] is not None or asked is Backend.EXTERNAL:
        problem = "this run has its own, by URL"
    elif asked not in (Backend.AUTO, kept.backend):
        problem = f"it is {kept.backend}, and {place} asks for {asked}"
    elif kept.settings != fingerprint(service.name, service.values):
        problem = "it was started with other settings, or by another version"
    else:
        return kept
    service.context.console.say(
        f"truestep: the kept {service.name} is not used: {problem}; python -m truestep down"
    )
    return None


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
        # Somebody else may have started one meanwhile.
        kept = state.find(service.name)
        if kept and kept.settings == fingerprint(service.name, service.values):
            return Started(kept, 0.0)
        return _start(service, choice, general, state)


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
    done = subprocess.run(
        [sys.executable, "-P", "-m", _KEEPER],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        check=False,
    )
    told = json.loads(done.stdout or "null")
    kept = state.find(service.name)
    if told and told["error"]:
        what, seen, looked, remedy = told["error"]
        raise ServiceError(what, seen=seen, looked=looked, remedy=remedy)
    if not told or kept is None:
        raise ServiceError(
            f"{service.name} ({choice.backend}) could not be kept",
            seen="its keeper has ended",
            looked="what it printed above",
            remedy="mend that, or go without: -D reuse=no",
        )
    return Started(kept, told["took_s"])


def _written(prefix: str, values: Values) -> Mapping[str, str]:
    return {f"{prefix}{key}": origin.text for key, origin in values.origins.items()}
