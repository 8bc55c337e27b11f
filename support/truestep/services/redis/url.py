"""Reading a Redis URL without importing the client."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from truestep.redaction import register_secret
from truestep.services.base import Endpoint

DEFAULT_PORT = 6379
_EXAMPLE = "redis://host:6379/0"


def parse_url(value: str) -> Endpoint:
    """Parses `redis://[user][:password]@host[:port][/database]`, or `rediss://` for TLS.

    Raises ValueError when it is not such a URL.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError(f"it is not a URL like {_EXAMPLE}")
    # The client would silently take a database that is no number for database 0.
    database = parts.path.removeprefix("/")
    if database and not database.isdecimal():
        raise ValueError(f"the database {database!r} is not a number, as in {_EXAMPLE}")
    # The client takes it from either place.
    for password in [parts.password or "", *parse_qs(parts.query).get("password", [])]:
        register_secret(unquote(password))
    return Endpoint(parts.hostname, parts.port or DEFAULT_PORT, value)


def at_database(url: str, database: int) -> str:
    """Returns `url` with its database replaced: the client prefers that to its own argument."""
    parts = urlsplit(url)
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "db"])
    return parts._replace(path=f"/{database}", query=query).geturl()
