"""The settings of an application under test, in a `[service.NAME]` section of its own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from truestep.errors import nearest
from truestep.services.base import Endpoint
from truestep.services.registry import SERVICES
from truestep.settings import Key
from truestep.settings.keys import optional, positive, text, whole, yes_or_no

_PORTS = {"http": 80, "https": 443}


def parse_url(value: str) -> Endpoint:
    """Parses the URL of a running application; ValueError when it is not one."""
    parts = urlsplit(value)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("it is not a URL like https://accounts.example.com")
    return Endpoint(parts.hostname, parts.port or _PORTS[parts.scheme], value.rstrip("/"))


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("it is not a path like /health")
    return value


def _names(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


def _services(value: str) -> tuple[str, ...]:
    for name in _names(value):
        if name not in SERVICES:
            known = f"there are {', '.join(SERVICES)}"
            raise ValueError(
                f"{name!r} is no service; {known}; the nearest is {nearest(name, SERVICES)!r}"
            )
    return _names(value)


def _command(value: str) -> tuple[str, ...]:
    """Splits a command line as a shell would, but runs none."""
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ValueError(f"it is not a command line: {str(error).lower()}") from None


APPLICATION_KEYS: Mapping[str, Key] = {
    "command": Key("", _command, "what starts it here; {port} stands for its port"),
    "folder": Key(".", Path, "the folder that the command runs in"),
    "compose": Key("", optional(Path), "the compose file of its stack"),
    "compose_service": Key("app", text, "its name in the compose file"),
    "compose_port": Key("8000", whole(1, 65535), "the port it listens on inside its container"),
    "url": Key("", optional(parse_url), "where it is already running"),
    "health": Key("/health", _path, "the path that answers 2xx once it is ready"),
    "needs": Key("", _services, "the services it uses, separated by commas"),
    "answer_within_s": Key("10", positive, "seconds until a request without an answer fails"),
    "hide": Key(
        "password, token, secret",
        _names,
        "headers, parameters and names in JSON whose values no report shows, separated by commas",
    ),
    "shared": Key(
        "no",
        yes_or_no,
        "whether all workers use one instance of it; its scenarios then run one at a time",
    ),
    "stop_within_s": Key("10", positive, "seconds from SIGTERM to SIGKILL"),
    "env.*": Key("", str, "a variable for it; {postgres.url}, {redis.url}, {kafka.bootstrap}"),
    "stack.*": Key("", str, "the URL of a service in its stack; {db:5432} is its published port"),
}
