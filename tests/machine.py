"""What runs on this machine, as tests need it: ports, processes, containers."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

_LOOPBACK = "127.0.0.1"


@contextmanager
def taken_port() -> Iterator[int]:
    """Yields a port on which somebody listens who never answers."""
    with socket.create_server((_LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def refusing_port() -> Iterator[int]:
    """Yields a port that refuses whoever comes: it is held, and nobody listens."""
    with socket.socket() as held:
        held.bind((_LOOPBACK, 0))
        yield held.getsockname()[1]


def lives(process: psutil.Process) -> bool:
    """Tells whether it runs; one that has ended, and that nobody has asked how, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def listening_on(port: int) -> list[psutil.Process]:
    """Returns who listens on that port of the loopback."""
    return [psutil.Process(one.pid) for one in _listeners(port) if one.laddr.ip == _LOOPBACK]


def listened_at(port: int) -> set[str]:
    """Returns all addresses at which whoever has that port of the loopback listens on it.

    Another one may have a port of the same number at another address.
    """
    listeners = _listeners(port)
    processes = {one.pid for one in listeners if one.laddr.ip == _LOOPBACK}
    return {one.laddr.ip for one in listeners if one.pid in processes}


def _listeners(port: int) -> list[Any]:
    return [
        one
        for one in psutil.net_connections("inet")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port
    ]


def docker(*arguments: str) -> str:
    """Returns what the command prints; it has to succeed."""
    command = ["docker", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def container_on(port: int) -> tuple[str, set[str]]:
    """Returns the id of the container that has that port of the loopback, and its volumes."""
    command = ("ps", "--no-trunc", "--format", "{{.ID}} {{.Ports}}")
    rows = [row.partition(" ") for row in docker(*command).splitlines()]
    [container] = [name for name, _, ports in rows if f"{_LOOPBACK}:{port}->" in ports]
    mounts = json.loads(docker("inspect", "--format", "{{json .Mounts}}", container))
    return container, {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
