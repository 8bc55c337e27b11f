"""Reading a PostgreSQL URL without importing the client."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote, urlsplit

from truestep.redaction import register_secret
from truestep.services.base import Endpoint

DEFAULT_PORT = 5432
DEFAULT_USER = "postgres"
_LIKE = "postgresql://user@host:5432/database"


def parse_url(value: str) -> Endpoint:
    """Parses `postgresql://[user[:password]@]host[:port][/database][?options]`.

    Its password is hidden from now on, unless it is the user's name: that is no secret, and to
    hide a word like `postgres` would make every text unreadable.

    Raises:
        ValueError: it is not such a URL; says what would be right.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
        raise ValueError(f"it is not a URL like {_LIKE}")
    for password in [parts.password or "", *parse_qs(parts.query).get("password", [])]:
        for spelling in {password, unquote(password)} - {parts.username, DEFAULT_USER}:
            register_secret(spelling)
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError(f"its port is not a number; it has to be like {_LIKE}") from None
    return Endpoint(parts.hostname, port, value)


def login_url(user: str, password: str, host: str, port: int, database: str) -> str:
    """Returns the URL for these parts."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{host}:{port}/{quote(database, safe='')}"


def with_database(url: str, database: str) -> str:
    """Returns `url` with another database in it; user, host and options stay."""
    return urlsplit(url)._replace(path="/" + quote(database, safe="")).geturl()
