"""Which backend provides a service in this run, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from truestep.errors import SettingsError
from truestep.services.base import Service
from truestep.settings import Backend, Settings


@dataclass(frozen=True)
class Choice:
    """A backend, never `auto`, and the reason in a few words for the run's header."""

    backend: Backend
    why: str


def choose(service: Service, settings: Settings) -> Choice:
    """Returns the backend for `service`.

    `auto`: a service with a URL is external; else docker when an engine answers and the image is
    already there; else embedded. So a first run never waits for a pull.

    Raises:
        SettingsError: `external` was asked for and there is no URL.
    """
    asked, place = settings.backend(service.name)
    has_url = service.values["url"] is not None
    if asked is Backend.EXTERNAL and not has_url:
        raise SettingsError(
            f"{service.name} was asked to be external",
            seen="no URL says where it is",
            looked=place,
            remedy=f"give it: -D {service.name}.url=… or TRUESTEP_{service.name.upper()}_URL",
        )
    if asked is not Backend.AUTO:
        return Choice(asked, f"asked for by {place}")
    if has_url:
        return Choice(Backend.EXTERNAL, f"its URL is in {service.values.origin('url')}")
    problem = _docker_problem(service.values["image"])
    if problem:
        return Choice(Backend.EMBEDDED, problem)
    return Choice(Backend.DOCKER, "a Docker engine has its image")


@cache
def _docker_problem(image: str) -> str | None:
    from truestep.services import containers

    problem = containers.engine_problem()
    if problem:
        return problem
    missing = containers.missing_images(*containers.needed_images(image))
    return f"the image {missing[0]} is not here yet" if missing else None
