"""What every docker provider shares: its image, and one container by testcontainers."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any

from truestep.console import Console
from truestep.errors import BackendUnavailableError, ServiceError
from truestep.services.base import Endpoint, Provider
from truestep.services.engine import (
    connect_as_reached,
    docker_client,
    engine_place,
    engine_problem,
    missing_images,
    needed_images,
    prepare_testcontainers,
    publishes_on_our_loopback,
)
from truestep.services.freezing import freeze
from truestep.services.processes import refuse_taken_port

_NOT_STARTED = "it was not started"


class ContainerProvider(Provider):
    """Runs one server in a container.

    Args:
        service: the name of the service, for errors.
        image: the image's name, without testcontainers' registry prefix.
        inner_port: the port that the server listens on inside the container.
        port: a fixed port to publish, or None for one that Docker picks.
        console: where a pull is announced.
    """

    def __init__(
        self, service: str, image: str, inner_port: int, port: int | None, console: Console
    ) -> None:
        self._service = service
        self._image = image
        self._inner_port = inner_port
        self._port = port
        self._console = console
        self._container: Any = None

    @abstractmethod
    def build(self) -> Any:
        """Returns the testcontainers container, configured but not started."""

    @abstractmethod
    def endpoint(self, host: str, port: int) -> Endpoint:
        """Returns the endpoint for the published host and port."""

    def check(self) -> None:
        """Refuses an engine that does not answer or a port that is taken; pulls a missing image."""
        import docker.errors

        problem = engine_problem()
        if problem:
            raise BackendUnavailableError(
                f"{self._service} was asked to run in docker",
                seen=problem,
                looked=engine_place(),
                remedy="start Docker, or use -D backend=embedded, which needs none",
            )
        if self._port is not None:
            self._refuse_taken_port(self._port)
        for image in missing_images(*needed_images(self._image)):
            self._console.say(f"truestep: pulling the image {image}, once")
            try:
                with contextlib.closing(docker_client()) as client:
                    client.images.pull(image)
            except docker.errors.APIError as error:
                raise BackendUnavailableError(
                    f"the image {image} of {self._service} could not be pulled",
                    seen=str(error.explanation or error),
                    looked="the Docker engine's images, then the registry in the image's name",
                    remedy=f"check the name in {self._service}.image, and the network",
                ) from error

    def start(self) -> Endpoint:
        """Starts the container; its port is published on loopback only when the engine is local."""
        import docker.errors

        try:
            prepare_testcontainers()
            container = self.build()
            if publishes_on_our_loopback(container.get_docker_client()):
                binding: Any = ("127.0.0.1", self._port) if self._port else ("127.0.0.1",)
            else:
                binding = self._port
            container.ports[str(self._inner_port)] = binding
            self._container = container
            container.start()
            host = container.get_container_host_ip()
            port = int(container.get_exposed_port(self._inner_port))
        except (
            docker.errors.DockerException,
            ConnectionError,
            TimeoutError,
            RuntimeError,
        ) as error:
            death = self.death()
            raise ServiceError(
                f"{self._service} (docker) could not be started",
                seen=_first_line(error) if death in (None, _NOT_STARTED) else str(death),
                looked=f"the container's log:\n{self.log_tail()}",
                remedy=f"mend that, or use -D {self._service}.backend=embedded",
            ) from error
        return self.endpoint("127.0.0.1" if host == "localhost" else host, port)

    def stop(self) -> None:
        """Removes the container and its volumes."""
        import docker.errors

        if self._container is None:
            return
        # The reaper, or the user, may have removed it already.
        with contextlib.suppress(docker.errors.NotFound):
            self._container.stop()
        self._container = None

    def pause(self) -> None:
        """Freezes the container; raises ServiceError when the engine cannot."""
        freeze(f"the container of {self._service}", self._pause)

    def resume(self) -> None:
        """Lets the container go on."""
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        if wrapped.status == "paused":
            wrapped.unpause()

    def _pause(self) -> str | None:
        import docker.errors

        try:
            self._container.get_wrapped_container().pause()
        except docker.errors.APIError as error:
            return str(error.explanation or error)
        return None

    def _refuse_taken_port(self, port: int) -> None:
        from testcontainers.core.docker_client import DockerClient

        connect_as_reached()
        client = DockerClient()
        with contextlib.closing(client.client):
            if publishes_on_our_loopback(client):
                refuse_taken_port(self._service, port)

    def death(self) -> str | None:
        """Returns None while the container runs, else how it ended."""
        import docker.errors
        from testcontainers.core.exceptions import ContainerStartException

        if self._container is None:
            return _NOT_STARTED
        try:
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
        except ContainerStartException:
            return _NOT_STARTED
        except docker.errors.NotFound:
            return "the container is gone"
        if wrapped.status in ("created", "running", "restarting", "paused"):
            return None
        return f"the container exited with code {wrapped.attrs['State']['ExitCode']}"

    def log_position(self) -> datetime:
        """Returns the time now."""
        return datetime.now(UTC)

    def log_since(self, position: datetime) -> str:
        """Returns what the container has written since then, each line with its time."""
        import docker.errors
        from testcontainers.core.exceptions import ContainerStartException

        if self._container is None:
            return ""
        try:
            wrapped = self._container.get_wrapped_container()
            written = wrapped.logs(since=position.timestamp(), timestamps=True)
        except (ContainerStartException, docker.errors.APIError):
            return ""
        return str(written.decode(errors="replace"))

    def log_place(self) -> str:
        """Returns where the log is, while the run goes on."""
        return f"docker logs of the container of {self._service}, gone with the run"

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines that the container wrote."""
        import docker.errors
        from testcontainers.core.exceptions import ContainerStartException

        if self._container is None:
            return "(there is no container)"

        try:
            text = self._container.get_wrapped_container().logs(tail=lines).decode(errors="replace")
        except ContainerStartException:
            return "(there is no container)"
        except docker.errors.APIError:
            return "(the container is gone)"
        return text.strip() or "(the log is empty)"


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "explanation", None) or error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
