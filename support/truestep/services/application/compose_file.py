"""A compose file as it is read before anything is started."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from truestep.errors import SettingsError, nearest
from truestep.services.application.compose_project import as_json, run_compose, said
from truestep.services.processes import free_port
from truestep.settings import Values

# A variable that stands for the published side of a port: "127.0.0.1:${APP_PORT:-8000}:8000".
_PORT_VARIABLE = re.compile(
    r"\$\{([A-Z][A-Z0-9_]*PORT)\b[^}]*\}:[\d$]"
    r"|\bpublished:\s*[\"']?\$\{([A-Z][A-Z0-9_]*PORT)\b"
)
# `FROM --platform=… python:3.13-slim AS base` in a Dockerfile.
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
# `{db:5432}` in a setting `stack.NAME`.
PUBLISHED = re.compile(r"\{([\w-]+):(\d+)\}")


class ComposeFile:
    """What the settings of an application say of its compose file, held against the file.

    Args:
        name: the application, for errors.
        values: its settings.
        root: the folder that its path starts from.

    Raises:
        SettingsError: there is none, or it is not there.
    """

    def __init__(self, name: str, values: Values, root: Path) -> None:
        self._name = name
        self._values = values
        if values["compose"] is None:
            raise SettingsError(
                f"{name} cannot run in docker",
                seen="it has no compose file",
                looked=f"[service.{name}]",
                remedy="add `compose = …` to it, or use another backend for it",
            )
        self.path: Path = root / values["compose"]
        if not self.path.is_file():
            raise SettingsError(
                f"the compose file of {name} is not there",
                seen=f"{values['compose']} is no file",
                looked=values.origin("compose"),
                remedy="correct the path; it starts from the folder that behave runs in",
            )

    def variables(self) -> dict[str, str]:
        """Returns a free port for each variable …PORT by which the file publishes one."""
        found = _PORT_VARIABLE.findall(self.path.read_text(encoding="utf-8"))
        return {name: str(free_port()) for name in sorted({one or other for one, other in found})}

    def services(self) -> dict[str, Any]:
        """Returns the file's services by name, as docker compose reads them.

        Raises:
            SettingsError: compose cannot read it.
        """
        config = ("-f", str(self.path), "config", "--format", "json")
        read = run_compose(*config, environment=self.variables())
        if read.returncode:
            raise SettingsError(
                f"the compose file of {self._name} is not valid",
                seen=said(read.stdout),
                looked=str(self._values["compose"]),
                remedy=f"mend it there; it is read by: docker compose -f {self._values['compose']} "
                "config",
            )
        services: dict[str, Any] = as_json(read.stdout)["services"]
        return services

    def check_settings(self, services: dict[str, Any]) -> None:
        """Refuses a setting that names a service or a port which the file does not have.

        Raises:
            SettingsError: the first such setting.
        """
        port = self._values["compose_port"]
        self._check_published(services, self._values["compose_service"], port, "compose_service")
        for need in self._values["needs"]:
            for service, inner in PUBLISHED.findall(self.where_is(need)):
                self._check_published(services, service, int(inner), f"stack.{need}")

    def where_is(self, need: str) -> str:
        """Returns where a service is in the stack: `redis://{cache:6379}/0`.

        Raises:
            SettingsError: no setting says it.
        """
        key = f"stack.{need}"
        if key not in self._values.values:
            raise SettingsError(
                f"where {need} is in the stack of {self._name} is not known",
                seen=f"there is no {key}",
                looked=f"[service.{self._name}]",
                remedy=f"add `{key} = …{{container:port}}…`, its URL from outside",
            )
        return str(self._values[key])

    def _check_published(
        self, services: dict[str, Any], service: str, port: int, setting: str
    ) -> None:
        if service not in services:
            raise SettingsError(
                f"there is no service {service!r} in the compose file of {self._name}",
                seen=f"the nearest is {nearest(service, services)!r}",
                looked=f"{self._values['compose']}, for {setting} of {self._name}",
                remedy=f"use one of {', '.join(sorted(services))}",
            )
        published = [one["target"] for one in services[service].get("ports", [])]
        if port not in published:
            variable = f"{service.upper().replace('-', '_')}_PORT"
            shown = ", ".join(map(str, published)) or "none"
            raise SettingsError(
                f"{self._name} needs the port {port} of {service} from outside",
                seen=f"of its ports it publishes {shown}",
                looked=f"{self._values['compose']}, for {setting} of {self._name}",
                remedy=f'publish it: `ports: ["127.0.0.1:${{{variable}:-{port}}}:{port}"]`, '
                "or correct the setting",
            )


def images_of(services: dict[str, Any]) -> list[str]:
    """Returns the images of a file's services, and those that the built ones are built from.

    Without those whose names are only known during the build: `FROM ${BASE}`.
    """
    found: set[str] = set()
    for one in services.values():
        found |= _built_from(one["build"]) if "build" in one else {one["image"]}
    return sorted(found)


def _built_from(build: dict[str, Any]) -> set[str]:
    if "dockerfile_inline" in build:
        text = build["dockerfile_inline"]
    else:
        dockerfile = Path(build["context"]) / build.get("dockerfile", "Dockerfile")
        # Without one the build fails, and says so; from an address it is not here to be read.
        text = dockerfile.read_text(encoding="utf-8") if dockerfile.is_file() else ""
    found = _FROM.findall(text)
    stages = {stage for _, stage in found}
    return {image for image, _ in found if image not in {*stages, "scratch"} and "$" not in image}
