"""Whether the stack of an application can come up: found out before anything is started."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from truestep.errors import BackendUnavailableError
from truestep.services.application.compose_file import ComposeFile, images_of
from truestep.services.application.compose_project import run_compose, said
from truestep.services.base import RunContext
from truestep.services.engine import engine_place, engine_problem, missing_images, reaper_images
from truestep.settings import Values


class StackCheck:
    """Holds a compose file against this machine.

    Args:
        name: the application, for errors.
        values: its settings.
        context: what it may know of the run.
    """

    def __init__(self, name: str, values: Values, context: RunContext) -> None:
        self._name = name
        self._values = values
        self._context = context

    @cached_property
    def file(self) -> ComposeFile:
        """The compose file.

        Raises:
            SettingsError: there is none, or it is not there.
        """
        return ComposeFile(self._name, self._values, self._context.root)

    def check(self) -> None:
        """Refuses a missing engine or plugin, and a file that cannot work; pulls missing images.

        Raises:
            BackendUnavailableError, SettingsError: with what was seen and what to do.
        """
        problem = engine_problem()
        if problem:
            raise self._unavailable(problem, engine_place(), "start Docker")
        services = self._services()
        for service, one in services.items():
            if "build" not in one and missing_images(one["image"]):
                self._pull(service, one["image"])

    def pull_problem(self) -> str | None:
        """Returns None when the stack can come up without a pull, else why not, in a few words.

        Raises:
            SettingsError: its file cannot work.
        """
        problem = engine_problem()
        if problem:
            return problem
        try:
            services = self._services()
        except BackendUnavailableError as error:
            return error.seen
        missing = missing_images(*images_of(services), *reaper_images())
        return f"the image {missing[0]} is not here yet" if missing else None

    def _services(self) -> dict[str, Any]:
        try:
            version = run_compose("version")
        except FileNotFoundError:
            raise self._unavailable(
                "there is no `docker` command", "PATH", "install Docker's command line"
            ) from None
        if version.returncode:
            raise self._unavailable(
                "docker has no `compose` command",
                "docker compose version",
                "install the compose v2 plugin of Docker",
            )
        services = self.file.services()
        self.file.check_settings(services)
        return services

    def _pull(self, service: str, image: str) -> None:
        self._context.console.say(f"truestep: pulling the image {image}, once")
        pulled = run_compose("-f", str(self.file.path), "pull", "--quiet", service)
        if pulled.returncode:
            raise BackendUnavailableError(
                f"the image {image} of {service} in the stack of {self._name} could not be pulled",
                seen=said(pulled.stdout),
                looked="the Docker engine's images, then the registry in the image's name",
                remedy=f"check the name in {self._values['compose']}, and the network",
            )

    def _unavailable(self, seen: str, looked: str, remedy: str) -> BackendUnavailableError:
        return BackendUnavailableError(
            f"{self._name} was asked to run in docker",
            seen=seen,
            looked=looked,
            remedy=f"{remedy}, or use -D {self._name}.backend=embedded",
        )
