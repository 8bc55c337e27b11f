"""The service as its operators would run it: a behave run is only told where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.accounts.config import TOPIC
from examples.accounts.specs.own_run import NAME, new_run, started
from truestep.housekeeping import project_settings
from truestep.services.base import SharedPlace


@dataclass(frozen=True)
class Deployed:
    """An instance, and the services that it stands on, all by URL."""

    url: str
    services: Mapping[str, str]

    def environment(self, *, allow_reset: bool = True) -> dict[str, str]:
        """Returns what tells behave where all of it is, and whether it may be emptied.

        Not its arguments: others can read those, and the URLs have passwords.
        """
        urls = {NAME: self.url, **self.services}
        told = {f"TRUESTEP_{name.upper()}_URL": url for name, url in urls.items()}
        if allow_reset:
            told |= {f"TRUESTEP_{name.upper()}_ALLOW_RESET": "yes" for name in self.services}
        return told


@contextmanager
def deployed(project: Path) -> Iterator[Deployed]:
    """Yields an instance on embedded services, which no scenario has used yet.

    Args:
        project: the folder of this project, below which its log goes.
    """
    # Where it is deployed, it has the topic by the name that other teams know.
    told = {"backend": "embedded", f"{NAME}.env.USER_EVENTS_TOPIC": TOPIC}
    settings = project_settings(project, {}, told)
    with started(settings, new_run(settings, project)) as running:
        places = {name: one.isolation for name, one in running.beside.items()}
        urls = {name: one.url for name, one in places.items() if isinstance(one, SharedPlace)}
        yield Deployed(running.endpoint.url, urls)
