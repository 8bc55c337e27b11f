"""Redis URLs."""

from __future__ import annotations

import secrets

import pytest

from truestep.redaction import redact
from truestep.services.redis.url import at_database, parse_url


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("redis://localhost", "localhost", 6379),
        ("redis://:pw@127.0.0.1:7000/3", "127.0.0.1", 7000),
        ("rediss://ada:pw@cache.example.com:6380", "cache.example.com", 6380),
        ("redis://[::1]:6379/", "::1", 6379),
    ],
)
def test_a_url_says_where_the_server_is(url: str, host: str, port: int) -> None:
    endpoint = parse_url(url)
    assert (endpoint.host, endpoint.port, endpoint.url) == (host, port, url)


@pytest.mark.parametrize("url", ["redis://:{}@a", "redis://a/0?password={}&protocol=2"])
def test_its_password_is_hidden_also_where_it_stands_alone(url: str) -> None:
    password = secrets.token_hex(8)
    parse_url(url.format(f"p%40{password}"))
    assert redact(f"password p@{password}") == "password ***"


@pytest.mark.parametrize(
    ("url", "at_seven"),
    [
        ("redis://:pw@a:1", "redis://:pw@a:1/7"),
        ("redis://:p%40w@a:1/0", "redis://:p%40w@a:1/7"),
        ("redis://a?db=3&protocol=2", "redis://a/7?protocol=2"),
        ("rediss://u:pw@[::1]:6379/12", "rediss://u:pw@[::1]:6379/7"),
    ],
)
def test_a_database_replaces_the_one_in_the_url(url: str, at_seven: str) -> None:
    assert at_database(url, 7) == at_seven
