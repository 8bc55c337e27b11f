"""An application with its whole stack, from its compose file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from truestep.errors import ServiceError
from truestep.polling import pause, pauses, scaled
from truestep.services.application.compose_check import StackCheck
from truestep.services.application.compose_file import PUBLISHED
from truestep.services.application.compose_project import (
    ComposeProject,
    InterruptedCommandError,
    said,
)
from truestep.services.application.places import Places
from truestep.services.application.stack_service import running_in_stack
from truestep.services.base import Endpoint, Provider, RunContext
from truestep.services.engine import guard, prepare_testcontainers
from truestep.settings import Values

_LOG_LINES = 20
_LOGS = Path("reports", "logs")
_TAKEN = ("already in use", "already allocated")
_FREE_PORT = (
    "publish it by a variable, which gets a free port: "
    '`ports: ["127.0.0.1:${APP_PORT:-8000}:8000"]`'
)


class ComposeStack(Provider):
    """Brings a compose file up under a project name of its own, and takes it down again.

    A variable …PORT by which the file publishes a port gets a free one, unless the shell has set
    it: so two runs never meet.
    """

    def __init__(self, name: str, values: Values, context: RunContext) -> None:
        self._name = name
        self._values = values
        self._context = context
        self._check = StackCheck(name, values, context)
        self._places = Places()
        self._project: ComposeProject | None = None
        self._is_ending = False

    def check(self) -> None:
        """Refuses a missing engine or plugin, and a file that cannot work; pulls missing images.

        Raises:
            BackendUnavailableError, SettingsError: with what was seen and what to do.
        """
        self._check.check()

    def start(self) -> Endpoint:
        """Builds and starts the stack; returns once all of its containers have come up.

        Raises:
            ServiceError: one has not, naming each in trouble with its last log lines.
        """
        project = self._project = ComposeProject(
            f"truestep-{self._context.run_id}-{self._name}",
            self._check.file.path,
            variables=self._check.file.variables(),
            folder=self._context.workspace.folder(self._name),
            owner=self._context.workspace.root,
        )
        if self._is_ending:
            project.interrupt()
        prepare_testcontainers()
        guard(f"com.docker.compose.project={project.name}")
        self._do(project, "build", "--quiet", within_s=None)
        limit_s = scaled(self._values["start_within_s"])
        give_up_at = time.monotonic() + limit_s
        self._do(project, "up", "--detach", "--no-build", "--quiet-pull", within_s=limit_s)
        self._wait_until_up(project, give_up_at)
        for need in self._values["needs"]:
            where = self._check.file.where_is(need)
            running = running_in_stack(
                need,
                PUBLISHED.sub(lambda found: self._published(found[1], int(found[2])), where),
                origin=self._values.origins[f"stack.{need}"],
                project=project,
                service=PUBLISHED.findall(where)[0][0],
                context=self._context,
                give_up_at=give_up_at,
            )
            self._places.make(running, None)
        address = self._published(self._values["compose_service"], self._values["compose_port"])
        host, _, port = address.rpartition(":")
        return Endpoint(host, int(port), f"http://{address}")

    def interrupt(self) -> None:
        """Ends a build, or the bringing up, that is under way."""
        self._is_ending = True
        if self._project is not None:
            self._project.interrupt()

    def stop(self) -> None:
        """Keeps the logs, then takes the stack down with its networks, volumes and own images.

        Raises:
            ServiceError: compose could not take it down.
        """
        self._places.close()
        project, self._project = self._project, None
        if project is None:
            return
        logs = self._context.root / _LOGS
        logs.mkdir(parents=True, exist_ok=True)
        (logs / f"{self._name}.log").write_text(project.logs())
        done = project.down()
        if done.returncode:
            raise ServiceError(
                f"the stack of {self._name} could not be taken down",
                seen=said(done.stdout),
                looked=f"docker compose --project-name {project.name} down",
                remedy="take it down by that command",
            )

    def beside(self) -> Mapping[str, Any]:
        """Returns the services of the stack."""
        return self._places.beside()

    def death(self) -> str | None:
        """Returns None while all containers live, else which one does not."""
        if self._project is None:
            return "it was not started"
        for one in self._project.containers():
            if one.trouble:
                return one.trouble
            if one.service == self._values["compose_service"] and one.state == "exited":
                return f"{one.service} exited with code {one.exit_code}"
        return None

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """Returns the last lines of the application's container."""
        return self.log_of(self._values["compose_service"], lines)

    def log_of(self, service: str, lines: int = _LOG_LINES) -> str:
        """Returns the last lines of one container of the stack."""
        if self._project is None:
            return "(it was not started)"
        return self._project.log(service, lines=lines) or "(the log is empty)"

    def log_position(self) -> datetime:
        """Returns the time that it is now."""
        return datetime.now(UTC)

    def log_since(self, position: datetime) -> str:
        """Returns what the application's container has logged since then."""
        if self._project is None:
            return ""
        return self._project.log(self._values["compose_service"], since=position)

    def log_place(self) -> str:
        """Returns where the logs of all containers are."""
        return f"{_LOGS / self._name}.log, once the stack is down"

    def services(self) -> list[str]:
        """Returns the names of the stack's services."""
        containers = self._project.containers() if self._project else []
        return sorted(one.service for one in containers)

    def _do(self, project: ComposeProject, *command: str, within_s: float | None) -> None:
        try:
            done = project.run_long(*command, within_s=within_s)
        except InterruptedCommandError:
            raise self._failed(project, "the run was ended meanwhile") from None
        except subprocess.TimeoutExpired:
            raise self._failed(project, self._unready(project)) from None
        if done.returncode:
            raise self._failed(project, said(done.stdout))

    def _wait_until_up(self, project: ComposeProject, give_up_at: float) -> None:
        for seconds in pauses():
            containers = project.containers()
            if any(one.trouble for one in containers):
                raise self._failed(project, "")
            if all(one.has_come_up for one in containers):
                return
            if time.monotonic() > give_up_at or self._is_ending:
                raise self._failed(project, self._unready(project))
            pause(seconds)

    def _unready(self, project: ComposeProject) -> str:
        late = ", ".join(str(one) for one in project.containers() if not one.has_come_up)
        return f"after {scaled(self._values['start_within_s']):g} s {late or 'it is not up'}"

    def _failed(self, project: ComposeProject, problem: str) -> ServiceError:
        """Names the containers in trouble; one that was not even started is named by compose."""
        containers = project.containers()
        broken = [one for one in containers if one.trouble]
        unstarted = [one for one in containers if one.name in problem and not one.trouble]
        late = [one for one in containers if one.state != "created" and not one.has_come_up]
        logs = [f"{one.service}:\n{self.log_of(one.service)}" for one in broken or late]
        taken = any(word in problem for word in _TAKEN)
        return ServiceError(
            f"the stack of {self._name} did not come up",
            seen=", ".join(str(one.trouble) for one in broken)
            or "".join(f"{one.service} could not be started: " for one in unstarted) + problem,
            looked="\n".join(["the last log lines of", *logs]) if logs else self._place(),
            remedy=_FREE_PORT if taken else "mend that; what had come up was taken down again",
        )

    def _place(self) -> str:
        return f"{self._values['compose']}, from {self._values.origin('compose')}"

    def _published(self, service: str, port: int) -> str:
        if self._project is None:
            raise AssertionError("the stack is not up")
        try:
            return "{}:{}".format(*self._project.address(service, port))
        except LookupError as error:
            raise ServiceError(
                f"{service} in the stack of {self._name} cannot be reached",
                seen=str(error),
                looked=f"its port {port}",
                remedy="see its log",
            ) from error
