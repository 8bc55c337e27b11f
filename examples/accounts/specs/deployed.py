"""The service as its operators would run it: a behave run is only told where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.accounts.specs.own_run import NAME, new_run, settings_of, started
from truestep.services.base import SharedPlace


@dataclass(frozen=True)
class Deployed:
    """An instance, and the services that it stands on, all by URL."""

    url: str
    services: Mapping[str, str]

    def arguments(self, *, allow_reset: bool = True) -> list[str]:
        """Returns what tells behave where all of it is, and whether it may be emptied."""
        told = {f"{NAME}.url": self.url}
        told |= {f"{name}.url": url for name, url in self.services.items()}
        if allow_reset:
            told |= {f"{name}.allow_reset": "yes" for name in self.services}
        return [word for key, value in told.items() for word in ("-D", f"{key}={value}")]


@contextmanager
def deployed(project: Path, folder: Path) -> Iterator[Deployed]:
    """Yields an instance on embedded services, which no scenario has used yet.

    Args:
        project: the folder of this project.
        folder: where its log goes.
    """
    asked = {"backend": "embedded", f"{NAME}.folder": str(project)}
    settings = settings_of(project, {}, asked)
    with started(settings, new_run(settings, folder)) as running:
        places = {name: one.isolation for name, one in running.beside.items()}
        urls = {name: one.url for name, one in places.items() if isinstance(one, SharedPlace)}
        yield Deployed(running.endpoint.url, urls)
