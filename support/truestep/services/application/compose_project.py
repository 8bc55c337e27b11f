"""The commands of docker compose for one project, by testcontainers' DockerCompose."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from truestep.services.processes import run_to_end
from truestep.workspace import OWNER_VARIABLE

_STOPS_WITHIN_S = 10.0


class InterruptedCommandError(Exception):
    """A command was ended because the run ends."""


@dataclass(frozen=True)
class Container:
    """What became of one container of the project."""

    name: str
    service: str
    state: str
    health: str
    exit_code: int

    @property
    def has_come_up(self) -> bool:
        """Whether it runs, healthy if it has a health check, or has done its work and ended."""
        ended_well = self.state == "exited" and not self.exit_code
        return ended_well or (self.state == "running" and self.health in ("", "healthy"))

    @property
    def trouble(self) -> str | None:
        """What is wrong with it for good, or None."""
        if self.state == "exited" and self.exit_code:
            return f"{self.service} exited with code {self.exit_code}"
        if self.health == "unhealthy":
            return f"{self.service} is unhealthy"
        return None

    def __str__(self) -> str:
        return f"{self.service} is {self.health or self.state}"


class ComposeProject:
    """A compose file under a project name of its own.

    Args:
        name: the project's name, and the label that all it makes carries.
        file: the compose file; a `.env` beside it is read as always.
        variables: more variables for it; those of the shell beat them.
        folder: a folder of the run, for its own files.
        owner: the run's workspace, by which its reaper knows the commands.
    """

    def __init__(
        self, name: str, file: Path, *, variables: Mapping[str, str], folder: Path, owner: Path
    ) -> None:
        from testcontainers.compose import DockerCompose

        own = folder / "compose.env"
        own.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        beside = file.with_name(".env")
        env_files = [str(one) for one in (beside, own) if one.is_file()]
        compose = DockerCompose(str(file.parent), str(file), env_file=env_files)
        # Not by COMPOSE_PROJECT_NAME in a file: the shell's would beat it, and `down` would then
        # take down what is not ours.
        compose.compose_command_property = [
            *compose.compose_command_property,
            "--project-name",
            name,
        ]
        self.name = name
        self._compose = compose
        self._environment = {**os.environ, OWNER_VARIABLE: str(owner)}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._interrupted = False

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that is done soon, `logs` for one; both streams are in its output."""
        return run_compose(*arguments, command=self._compose.docker_compose_command())

    def run_long(self, *arguments: str, within_s: float | None) -> subprocess.CompletedProcess[str]:
        """Runs a command that `interrupt` can end: `build`, `up`.

        Raises:
            InterruptedCommandError: it was.
            subprocess.TimeoutExpired: it was not done in that many seconds.
        """
        command = [*self._compose.docker_compose_command(), *arguments]
        with self._lock:
            if self._interrupted:
                raise InterruptedCommandError
            # In a group of its own: Ctrl-C in a terminal is for behave, which ends this one.
            process = self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment,
                text=True,
                start_new_session=True,
            )
        try:
            output, _ = process.communicate(timeout=within_s)
        finally:
            self._end(process)
        if self._interrupted:
            raise InterruptedCommandError
        return subprocess.CompletedProcess(command, process.returncode, output)

    def interrupt(self) -> None:
        """Ends a `run_long` that is under way, and lets none begin any more."""
        with self._lock:
            self._interrupted = True
            if self._process is not None:
                self._process.terminate()

    def containers(self) -> list[Container]:
        """Returns all containers of the project, by the names of their services."""
        found = self._compose.get_containers(include_all=True)
        states = [
            Container(
                name=one.Name or "",
                service=one.Service or "",
                state=one.State or "",
                health=one.Health or "",
                exit_code=one.ExitCode or 0,
            )
            for one in found
        ]
        return sorted(states, key=lambda one: one.name)

    def address(self, service: str, port: int) -> tuple[str, int]:
        """Returns where a port of a service is published.

        Raises:
            LookupError: the service does not run, or does not publish that port.
        """
        from testcontainers.core.exceptions import ContainerIsNotRunning, NoSuchPortExposed

        try:
            host, published = self._compose.get_service_host_and_port(service, port)
        except (ContainerIsNotRunning, NoSuchPortExposed) as error:
            raise LookupError(str(error)) from error
        on_all = ("0.0.0.0", "localhost")  # noqa: S104  # what is compared with, not bound
        return ("127.0.0.1" if host is None or host in on_all else host), published or port

    def log(self, service: str, *, lines: int | None = None, since: datetime | None = None) -> str:
        """Returns what a service has logged: its last lines, or what came since then."""
        tail = [] if lines is None else ["--tail", str(lines)]
        from_then = [] if since is None else ["--since", since.astimezone(UTC).isoformat()]
        return self.logs("--no-log-prefix", *tail, *from_then, service).strip()

    def logs(self, *arguments: str) -> str:
        """Returns what compose prints by `logs`, as it is in a file."""
        # Compose clears the line of a terminal first, terminal or not.
        return self.run("logs", "--no-color", *arguments).stdout.replace("\x1b[2K", "")

    def down(self) -> subprocess.CompletedProcess[str]:
        """Takes all of it down: containers, networks, volumes, and the images that it built."""
        last = self.run("down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5")
        # A command that was ended may have left the engine at work: it looks again.
        while self._left() and not last.returncode:
            last = self.run("down", "--volumes", "--remove-orphans", "--timeout", "5")
        return last

    def _left(self) -> bool:
        from truestep.services.engine import docker_client

        with closing(docker_client()) as client:
            ours = {"label": f"com.docker.compose.project={self.name}"}
            return bool(client.containers.list(all=True, filters=ours))

    def _end(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._process = None
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_compose(
    *arguments: str,
    command: Sequence[str] = ("docker", "compose"),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a command of docker compose; both streams are in its output.

    Args:
        arguments: the command and what it takes.
        command: how compose is called.
        environment: more variables for it; those of the shell beat them.

    Raises:
        FileNotFoundError: there is no such program.
    """
    return run_to_end([*command, *arguments], environment={**(environment or {}), **os.environ})


def said(output: str) -> str:
    """Returns what compose has to say at the end of its output, progress and warnings left out."""
    lines = [
        line.strip()
        for line in output.splitlines()
        if line.strip() and not line.startswith(" ") and "level=warning" not in line
    ]
    return " / ".join(lines[-3:]) or "(nothing was said)"


def as_json(text: str) -> Any:
    """Returns the value of JSON that follows warnings in the same output."""
    return json.loads(text[text.index("\n{") if not text.startswith("{") else 0 :])
