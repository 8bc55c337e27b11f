"""What every docker provider shares: the engine, the image, one container by testcontainers."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import Any

from truestep.console import Console
from truestep.errors import BackendUnavailableError, ServiceError
from truestep.services.base import Endpoint, Provider
from truestep.services.processes import refuse_taken_port

_SOCKET = Path("/var/run/docker.sock")
_NOT_STARTED = "it was not started"
_POLL_S = 0.05
_GIVE_UP_AFTER_S = 120
_reaper_lock = threading.Lock()


def engine_problem() -> str | None:
    """Returns None when a Docker engine answers, else why none does, in a few words."""
    if not os.environ.get("DOCKER_HOST") and not _SOCKET.exists() and not _has_context():
        # Most machines without an engine are told apart here, before docker is imported.
        return "no Docker engine is installed or running"
    import docker.errors
    import requests.exceptions

    try:
        with contextlib.closing(_client()) as client:
            client.ping()
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        text = str(error)
        if "Permission denied" in text or "PermissionError" in text:
            return "this user has no permission to use the Docker engine"
        if "FileNotFoundError" in text:
            return "no Docker engine is installed or running"
        return "the Docker engine cannot be reached"
    return None


def engine_place() -> str:
    """Returns where the Docker engine is looked for, in words for an error."""
    host = os.environ.get("DOCKER_HOST")
    return f"DOCKER_HOST={host}" if host else f"{_SOCKET} and the current docker context"


def missing_images(*names: str) -> list[str]:
    """Returns those of the images that the engine does not have yet."""
    import docker.errors

    missing = []
    with contextlib.closing(_client()) as client:
        for name in names:
            try:
                client.images.get(name)
            except docker.errors.ImageNotFound:
                missing.append(name)
    return missing


@cache
def docker_problem(image: str) -> str | None:
    """Returns None when `image` could be run without a pull, else why not, in a few words."""
    problem = engine_problem()
    if problem:
        return problem
    missing = missing_images(*needed_images(image))
    return f"the image {missing[0]} is not here yet" if missing else None


def needed_images(image: str) -> tuple[str, ...]:
    """Returns the full names of `image` and of testcontainers' reaper, unless that is off."""
    from testcontainers.core.config import testcontainers_config as config

    prefixed = config.hub_image_name_prefix + image
    reaper = config.hub_image_name_prefix + config.ryuk_image
    return (prefixed,) if config.ryuk_disabled else (prefixed, reaper)


def _client() -> Any:
    from testcontainers.core.docker_client import DockerClient

    return DockerClient().client


def _connect_as_reached() -> None:
    """Inside a container, testcontainers goes through the bridge's gateway, past loopback.

    When that gateway is an address of our own, the engine runs in the same container and what it
    publishes on loopback is reached as on any machine.
    """
    from testcontainers.core.config import ConnectionMode
    from testcontainers.core.config import testcontainers_config as config
    from testcontainers.core.docker_client import DockerClient

    client = DockerClient()
    with contextlib.closing(client.client):
        if client.get_connection_mode() is not ConnectionMode.gateway_ip:
            return
        subnets = client.client.networks.get("bridge").attrs["IPAM"]["Config"] or []
        if any(_is_our_address(_gateway(subnet)) for subnet in subnets):
            config.connection_mode_override = ConnectionMode.docker_host


def _gateway(subnet: dict[str, str]) -> str:
    # Docker does not always spell it out; it takes the first address then.
    return subnet.get("Gateway") or str(ipaddress.ip_network(subnet["Subnet"])[1])


def _is_our_address(address: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _publishes_on_our_loopback(client: Any) -> bool:
    from testcontainers.core.config import ConnectionMode

    if client.get_connection_mode() is ConnectionMode.gateway_ip:
        return False
    return client.host() in ("localhost", "127.0.0.1")


def _has_context() -> bool:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    return (folder / "contexts").is_dir()


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
                with contextlib.closing(_client()) as client:
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
        from testcontainers.core.config import testcontainers_config as config
        from testcontainers.core.container import Reaper

        config.sleep_time = min(config.sleep_time, _POLL_S)
        config.max_tries = max(config.max_tries, int(_GIVE_UP_AFTER_S / config.sleep_time))
        try:
            # testcontainers would create one reaper per thread that starts a container.
            with _reaper_lock:
                _connect_as_reached()
                if not config.ryuk_disabled:
                    Reaper.get_instance()
            container = self.build()
            if _publishes_on_our_loopback(container.get_docker_client()):
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

    def _refuse_taken_port(self, port: int) -> None:
        from testcontainers.core.docker_client import DockerClient

        with _reaper_lock:
            _connect_as_reached()
        client = DockerClient()
        with contextlib.closing(client.client):
            if _publishes_on_our_loopback(client):
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
        if wrapped.status in ("created", "running", "restarting"):
            return None
        return f"the container exited with code {wrapped.attrs['State']['ExitCode']}"

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
