"""The Docker engine: whether it answers, which images it has, and its reaper."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
from functools import cache
from pathlib import Path
from typing import Any

from truestep.errors import ServiceError
from truestep.polling import pause, pauses

_SOCKET = Path("/var/run/docker.sock")
_POLL_S = 0.01
_GIVE_UP_AFTER_S = 120
_REAPER_PORT = 8080
_REAPER_TRIES = 100
_lock = threading.Lock()
_guards: list[socket.socket] = []
# By what DOCKER_HOST says: engines that have answered, those whose published ports are known to be
# reached, and images that were there. A run asks once; all of it stays as it is meanwhile.
_answered: set[str | None] = set()
_reached: set[str | None] = set()
_present: dict[str | None, set[str]] = {}


def engine_problem() -> str | None:
    """Returns None when a Docker engine answers, else why none does, in a few words."""
    if not os.environ.get("DOCKER_HOST") and not _SOCKET.exists() and not _has_context():
        # Most machines without an engine are told apart here, before docker is imported.
        return "no Docker engine is installed or running"
    host = os.environ.get("DOCKER_HOST")
    if host in _answered:
        return None
    import docker.errors
    import requests.exceptions

    try:
        with contextlib.closing(docker_client()) as client:
            client.ping()
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        text = str(error)
        if "Permission denied" in text or "PermissionError" in text:
            return "this user has no permission to use the Docker engine"
        if "FileNotFoundError" in text:
            return "no Docker engine is installed or running"
        return "the Docker engine cannot be reached"
    _answered.add(host)
    return None


def engine_place() -> str:
    """Returns where the Docker engine is looked for, in words for an error."""
    host = os.environ.get("DOCKER_HOST")
    return f"DOCKER_HOST={host}" if host else f"{_SOCKET} and the current docker context"


def missing_images(*names: str) -> list[str]:
    """Returns those of the images that the engine does not have yet."""
    import docker.errors

    host = os.environ.get("DOCKER_HOST")
    if host in _present and _present[host].issuperset(names):
        return []
    missing = []
    with contextlib.closing(docker_client()) as client:
        # All at once: most of what will be asked for is among them.
        present = {tag for image in client.api.images() for tag in image["RepoTags"] or ()}
        for name in set(names) - present:
            try:
                client.images.get(name)
            except docker.errors.ImageNotFound:
                missing.append(name)
            else:
                present.add(name)
    _present[host] = present
    return sorted(missing, key=names.index)


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

    return (config.hub_image_name_prefix + image, *reaper_images())


def reaper_images() -> tuple[str, ...]:
    """Returns the full name of testcontainers' reaper; nothing when that is off."""
    from testcontainers.core.config import testcontainers_config as config

    return () if config.ryuk_disabled else (config.hub_image_name_prefix + config.ryuk_image,)


def docker_client() -> Any:
    """Returns a client of the Docker SDK, for the engine that testcontainers uses."""
    from testcontainers.core.docker_client import DockerClient

    return DockerClient().client


def connect_as_reached() -> None:
    """Inside a container, testcontainers goes through the bridge's gateway, past loopback.

    When that gateway is an address of our own, the engine runs in the same container and what it
    publishes on loopback is reached as on any machine.
    """
    from testcontainers.core.config import ConnectionMode
    from testcontainers.core.config import testcontainers_config as config
    from testcontainers.core.docker_client import DockerClient

    host = os.environ.get("DOCKER_HOST")
    if host in _reached:
        return
    client = DockerClient()
    with contextlib.closing(client.client):
        if client.get_connection_mode() is ConnectionMode.gateway_ip:
            subnets = client.client.networks.get("bridge").attrs["IPAM"]["Config"] or []
            if any(_is_our_address(_gateway(subnet)) for subnet in subnets):
                config.connection_mode_override = ConnectionMode.docker_host
    _reached.add(host)


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


def publishes_on_our_loopback(client: Any) -> bool:
    """Tells whether a port that `client`'s engine publishes on 127.0.0.1 is reached from here."""
    from testcontainers.core.config import ConnectionMode

    if client.get_connection_mode() is ConnectionMode.gateway_ip:
        return False
    return client.host() in ("localhost", "127.0.0.1")


def _has_context() -> bool:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    return (folder / "contexts").is_dir()


def prepare_testcontainers() -> None:
    """Makes testcontainers poll often, reach the engine as we do, and reap what is left behind.

    To be called before each start of a container; safe from several threads.
    """
    from testcontainers.core.config import testcontainers_config as config

    # testcontainers would create one reaper per thread that starts a container.
    with _lock:
        config.sleep_time = min(config.sleep_time, _POLL_S)
        config.max_tries = max(config.max_tries, int(_GIVE_UP_AFTER_S / config.sleep_time))
        connect_as_reached()
        if not config.ryuk_disabled and not _guards:
            _guard_session()


def guard(label: str) -> None:
    """Has the reaper remove what carries `label` (`name=value`) if this process is killed.

    Speaks the protocol of testcontainers' reaper: a filter a line, each answered by ACK, and what
    matches is removed when the last connection has closed.
    Source: github.com/testcontainers/moby-ryuk, README.
    """
    for connection in _guards[:1]:
        with _lock:
            _register(connection, label)


def _guard_session() -> None:
    from testcontainers.core.container import Reaper
    from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID

    Reaper.get_instance()
    # testcontainers connects once and reads no answer. When the reaper is not listening yet,
    # Docker's proxy takes that connection and drops it, and nobody would reap.
    reaper = Reaper._container  # noqa: SLF001  # there is no other way to its address
    if reaper is None:
        return
    address = reaper.get_container_host_ip(), int(reaper.get_exposed_port(_REAPER_PORT))
    error: OSError | None = None
    for _, seconds in zip(range(_REAPER_TRIES), pauses(), strict=False):
        connection = socket.socket()
        connection.settimeout(1.0)
        try:
            connection.connect(address)
            _register(connection, f"{LABEL_SESSION_ID}={SESSION_ID}")
        except OSError as refused:
            error = refused
            connection.close()
            pause(seconds)
        else:
            _guards.append(connection)
            return
    raise ServiceError(
        "testcontainers' reaper does not answer",
        seen=str(error),
        looked=":".join(map(str, address)),
        remedy="see its log, or switch it off: TESTCONTAINERS_RYUK_DISABLED=true",
    )


def _register(connection: socket.socket, label: str) -> None:
    connection.sendall(f"label={label}\n".encode())
    if not connection.recv(16).startswith(b"ACK"):
        raise ConnectionResetError("it closed the connection")
