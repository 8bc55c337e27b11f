"""A service inside the stack of an application, as one that specs can look into."""

from __future__ import annotations

import time
from typing import Any

from truestep.errors import ServiceError, SettingsError
from truestep.polling import pause, pauses
from truestep.services import registry
from truestep.services.application.compose_project import ComposeProject, Container
from truestep.services.base import Choice, Endpoint, RunContext
from truestep.services.external import ExternalProvider
from truestep.services.freezing import freeze
from truestep.settings import Backend, Origin, Values
from truestep.settings.keys import SERVICE_KEYS
from truestep.start import RunningService


class StackProvider(ExternalProvider):
    """One container of the stack: it comes and goes with the stack, and can be frozen."""

    def __init__(self, endpoint: Endpoint, project: ComposeProject, service: str) -> None:
        super().__init__(endpoint)
        self._project = project
        self._service = service

    def pause(self) -> None:
        """Freezes the container; raises ServiceError when the engine cannot."""
        freeze(f"{self._service} of the stack", self._pause)

    def resume(self) -> None:
        """Lets the container go on; does nothing when it is not frozen.

        Raises:
            ServiceError: compose could not.
        """
        if not any(one.state == "paused" for one in self._ours()):
            return
        done = self._project.run("unpause", self._service)
        if done.returncode:
            raise ServiceError(
                f"{self._service} of the stack could not go on",
                seen=done.stdout.strip(),
                looked=f"docker compose unpause {self._service}",
                remedy="see its log",
            )

    def death(self) -> str | None:
        """Returns None while the container lives, else how it ended."""
        ended = [one for one in self._ours() if one.state not in ("running", "paused")]
        return f"{ended[0]}, with code {ended[0].exit_code}" if ended else None

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines that the container wrote."""
        return self._project.log(self._service, lines=lines) or "(the log is empty)"

    def _pause(self) -> str | None:
        done = self._project.run("pause", self._service)
        return done.stdout.strip() if done.returncode else None

    def _ours(self) -> list[Container]:
        return [one for one in self._project.containers() if one.service == self._service]


def running_in_stack(
    need: str,
    url: str,
    *,
    origin: Origin,
    project: ComposeProject,
    service: str,
    context: RunContext,
    give_up_at: float,
) -> RunningService:
    """Returns a service of a stack, once it is ready for clients.

    Args:
        need: the name of the registered service.
        url: where it is published.
        origin: the setting that says so.
        project: the stack.
        service: the name of its container's service.
        context: what it may know of the run.
        give_up_at: the moment, by `time.monotonic`, when it should have been ready.

    Raises:
        SettingsError: the URL is not one of that service.
        ServiceError: it is not ready in time, or does not let us in.
    """
    kind = registry.service_class(need)
    keys = {**SERVICE_KEYS, **kind.keys}
    try:
        endpoint = keys["url"].parse(url)
    except ValueError as error:
        raise SettingsError(
            f"{origin.text!r} does not say where {need} is",
            seen=f"{url}: {error}",
            looked=origin.place,
            remedy="correct it",
        ) from None
    defaults: dict[str, Any] = {key: one.parse(one.default) for key, one in keys.items()}
    running = kind(Values({**defaults, "url": endpoint}, {"url": origin}), context)
    provider = StackProvider(endpoint, project, service)
    return RunningService(
        running,
        Choice(Backend.DOCKER, f"it is {service} in the stack"),
        provider,
        endpoint,
        _version(running, provider, endpoint, give_up_at),
        running.isolation(endpoint, Backend.EXTERNAL),
        0.0,
    )


def _version(running: Any, provider: StackProvider, endpoint: Endpoint, give_up_at: float) -> str:
    for seconds in pauses():
        try:
            return str(running.probe(endpoint))
        except running.not_ready() as error:
            death = provider.death()
            if death or time.monotonic() > give_up_at:
                raise ServiceError(
                    f"{running.name} in the stack does not answer",
                    seen=death or f"{type(error).__name__}: {error}",
                    looked=f"{endpoint.url}; its last log lines:\n{provider.log_tail()}",
                    remedy="mend it, or correct the setting that says where it is",
                ) from error
        pause(seconds)
    raise AssertionError("unreachable: pauses() never ends")
