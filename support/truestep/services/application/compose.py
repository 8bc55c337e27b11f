"""An application with its whole stack, by testcontainers' DockerCompose."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truestep.errors import BackendUnavailableError, ServiceError, SettingsError
from truestep.pool import RunningService
from truestep.services import registry
from truestep.services.application.places import Places
from truestep.services.base import Choice, Endpoint, Provider, RunContext
from truestep.services.engine import engine_place, engine_problem, guard, prepare_testcontainers
from truestep.services.external import ExternalProvider
from truestep.services.processes import free_port
from truestep.settings import Backend, Values

_PUBLISHED = re.compile(r"\{([\w-]+):(\d+)\}")
_VARIABLE_PORT = re.compile(r"\$\{([A-Z][A-Z0-9_]*PORT)\b")
_LOG_LINES = 20


@dataclass(frozen=True)
class _State:
    """What became of one container of the stack."""

    service: str
    state: str
    health: str
    exit_code: int

    @property
    def trouble(self) -> str | None:
        if self.state == "exited" and self.exit_code:
            return f"{self.service} exited with code {self.exit_code}"
        if self.health == "unhealthy":
            return f"{self.service} is unhealthy"
        return None


class ComposeStack(Provider):
    """Brings a compose file up under a project name of its own, and takes it down again.

    Variables named `…PORT` in the file get a free port each, so that two runs never meet; a value
    of `env.NAME` in the settings beats that.
    """

    def __init__(self, name: str, values: Values, context: RunContext) -> None:
        self._name = name
        self._values = values
        self._context = context
        self._places = Places()
        self._compose: Any = None

    def check(self) -> None:
        """Refuses a missing engine or plugin, and a compose file that cannot be read.

        Raises:
            BackendUnavailableError, SettingsError: with what was seen and what to do.
        """
        problem = engine_problem()
        if problem:
            raise BackendUnavailableError(
                f"{self._name} was asked to run in docker",
                seen=problem,
                looked=engine_place(),
                remedy=f"start Docker, or use -D {self._name}.backend=embedded",
            )
        file = self._file()
        if _run("docker", "compose", "version").returncode:
            raise BackendUnavailableError(
                f"{self._name} was asked to run in docker",
                seen="docker has no `compose` command",
                looked="docker compose version",
                remedy="install the compose v2 plugin of Docker",
            )
        checked = _run("docker", "compose", "-f", str(file), "config", "--quiet")
        if checked.returncode:
            raise SettingsError(
                f"the compose file of {self._name} is not valid",
                seen=_last_lines(checked.stderr, 3),
                looked=str(self._values["compose"]),
                remedy="mend it: docker compose config shows the same",
            )

    def start(self) -> Endpoint:
        """Builds and starts the stack; returns once compose says that it is healthy.

        Raises:
            ServiceError: it is not, naming each container in trouble with its last log lines.
        """
        from testcontainers.compose import DockerCompose

        file = self._file()
        variables = self._context.workspace.folder(self._name) / "compose.env"
        variables.write_text("".join(f"{line}\n" for line in self._variables(file)))
        compose = DockerCompose(
            context=str(file.parent),
            compose_file_name=str(file),
            build=True,
            env_file=str(variables),
        )
        self._compose = compose
        prepare_testcontainers()
        guard(f"com.docker.compose.project={self._project()}")
        try:
            compose.start()
        except subprocess.CalledProcessError as error:
            raise self._not_up(error) from error
        for need in self._values["needs"]:
            self._places.make(self._inside(need), None)
        return self._published(self._values["compose_service"], self._values["compose_port"])

    def stop(self) -> None:
        """Takes the stack down with its networks and volumes."""
        self._places.close()
        if self._compose is not None:
            _run(*self._compose.docker_compose_command(), "down", "--volumes", "--timeout", "5")
            self._compose = None

    def beside(self) -> Mapping[str, Any]:
        """Returns the services of the stack."""
        return self._places.beside()

    def death(self) -> str | None:
        """Returns None while all containers live, else which one does not."""
        if self._compose is None:
            return "it was not started"
        troubles = [state.trouble for state in self._states()]
        return next((trouble for trouble in troubles if trouble), None)

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """Returns the last lines of the application's container."""
        return self.log_of(self._values["compose_service"], lines)

    def log_of(self, service: str, lines: int = _LOG_LINES) -> str:
        """Returns the last lines of one container of the stack."""
        if self._compose is None:
            return "(it was not started)"
        command = self._compose.docker_compose_command()
        log = _run(*command, "logs", "--no-log-prefix", "--tail", str(lines), service)
        return log.stdout.strip() or "(the log is empty)"

    def services(self) -> list[str]:
        """Returns the names of the stack's services."""
        return sorted(state.service for state in self._states())

    def _file(self) -> Path:
        if self._values["compose"] is None:
            raise SettingsError(
                f"{self._name} cannot run in docker",
                seen="it has no compose file",
                looked=f"[service.{self._name}]",
                remedy="add `compose = …` to it, or use another backend for it",
            )
        file: Path = self._context.root / self._values["compose"]
        if not file.is_file():
            raise SettingsError(
                f"the compose file of {self._name} is not there",
                seen=f"{self._values['compose']} is no file",
                looked=self._values.origin("compose"),
                remedy="correct the path; it starts from the project's folder",
            )
        return file

    def _project(self) -> str:
        return f"truestep-{self._context.run_id}-{self._name}"

    def _variables(self, file: Path) -> Iterator[str]:
        yield f"COMPOSE_PROJECT_NAME={self._project()}"
        for variable in sorted(set(_VARIABLE_PORT.findall(file.read_text()))):
            yield f"{variable}={free_port()}"

    def _inside(self, need: str) -> RunningService:
        """Returns a service of the stack as one that is running."""
        key = f"stack.{need}"
        template = self._values.values.get(key)
        if template is None:
            raise SettingsError(
                f"where {need} is in the stack of {self._name} is not known",
                seen=f"there is no {key}",
                looked=f"[service.{self._name}]",
                remedy=f"add `{key} = …{{container:port}}…`, its URL from outside",
            )
        url = _PUBLISHED.sub(lambda found: self._address(found[1], int(found[2])), template)
        kind = registry.service_class(need)
        try:
            endpoint = kind.keys["url"].parse(url)
        except ValueError as error:
            raise SettingsError(
                f"{key} of {self._name} is not valid",
                seen=str(error),
                looked=self._values.origin(key),
                remedy="correct it",
            ) from None
        origins = {"url": self._values.origins[key]}
        service = kind(Values({**_defaults(need), "url": endpoint}, origins), self._context)
        return RunningService(
            service,
            Choice(Backend.DOCKER, "it is in the stack"),
            _StackService(endpoint, self._compose, self._container_of(template)),
            endpoint,
            service.probe(endpoint),
            service.isolation(endpoint, Backend.EXTERNAL),
            0.0,
        )

    @staticmethod
    def _container_of(template: str) -> str:
        found = _PUBLISHED.search(template)
        return found[1] if found else ""

    def _published(self, service: str, port: int) -> Endpoint:
        host, _, published = self._address(service, port).rpartition(":")
        return Endpoint(host, int(published), f"http://{host}:{published}")

    def _address(self, service: str, port: int) -> str:
        from testcontainers.core.exceptions import ContainerIsNotRunning, NoSuchPortExposed

        try:
            host, published = self._compose.get_service_host_and_port(service, port)
        except (ContainerIsNotRunning, NoSuchPortExposed) as error:
            raise SettingsError(
                f"{self._name} has no port to be reached by",
                seen=str(error),
                looked=f"the service {service!r} of {self._values['compose']}, port {port}",
                remedy='publish the port: `ports: ["127.0.0.1:0:PORT"]`, or correct the setting',
            ) from error
        return f"{'127.0.0.1' if host in ('0.0.0.0', 'localhost') else host}:{published}"  # noqa: S104

    def _states(self) -> list[_State]:
        return [
            _State(one.Service, one.State or "", one.Health or "", one.ExitCode or 0)
            for one in self._compose.get_containers(include_all=True)
        ]

    def _not_up(self, error: subprocess.CalledProcessError) -> ServiceError:
        said = error.stderr.decode(errors="replace") if error.stderr else ""
        broken = [state for state in self._states() if state.trouble]
        logs = [f"{one.service}:\n{self.log_of(one.service)}" for one in broken]
        return ServiceError(
            f"the stack of {self._name} did not come up",
            seen=", ".join(str(one.trouble) for one in broken) or _last_lines(said, 3),
            looked="\n".join(logs) if logs else f"{self._values['compose']}",
            remedy="mend that; it was taken down again",
        )


class _StackService(ExternalProvider):
    """A service of the stack, which comes and goes with it, and can be frozen by itself."""

    def __init__(self, endpoint: Endpoint, compose: Any, service: str) -> None:
        super().__init__(endpoint)
        self._command = compose.docker_compose_command()
        self._service = service
        self._paused = False

    def pause(self) -> None:
        """Freezes its container."""
        self._paused = True
        subprocess.run([*self._command, "pause", self._service], capture_output=True, check=True)

    def resume(self) -> None:
        """Lets its container go on."""
        if self._paused:
            command = [*self._command, "unpause", self._service]
            subprocess.run(command, capture_output=True, check=True)
            self._paused = False


def _defaults(name: str) -> dict[str, Any]:
    from truestep.settings import SERVICE_KEYS

    keys = {**SERVICE_KEYS, **registry.service_class(name).keys}
    return {key: one.parse(one.default) for key, one in keys.items()}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _last_lines(text: str, count: int) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-count:])
