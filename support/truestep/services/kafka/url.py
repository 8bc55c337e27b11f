"""Reading bootstrap servers without importing the client."""

from __future__ import annotations

from urllib.parse import urlsplit

from truestep.services.base import Endpoint


def parse_servers(value: str) -> Endpoint:
    """Parses `host:port[,host:port]`; ValueError when it is not that."""
    servers = split_servers(value)
    host, port = servers[0]
    return Endpoint(host, port, ",".join(_join(*server) for server in servers))


def split_servers(value: str) -> list[tuple[str, int]]:
    """Returns the host and port of each bootstrap server; ValueError for one that has none."""
    return [_split(server.strip()) for server in value.split(",")]


def _split(server: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{server}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts.netloc != server or "@" in server:
        raise ValueError(
            f"{server!r} is not a bootstrap server like broker.example.com:9092"
            " (several are separated by commas)"
        )
    return host, port


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
