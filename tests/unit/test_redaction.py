"""Secrets are hidden in everything that is shown."""

from __future__ import annotations

import io
import threading

import pytest

from truestep.console import Console
from truestep.errors import ServiceError
from truestep.redaction import redact, register_secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:s3cret@db:5432/app", "postgresql://ada:***@db:5432/app"),
        ("redis://:p%40ss@127.0.0.1:6379/0", "redis://:***@127.0.0.1:6379/0"),
        ("at redis://:one@a and rediss://u:two@b", "at redis://:***@a and rediss://u:***@b"),
        ("redis://a/0?password=p%40ss&protocol=2", "redis://a/0?password=***&protocol=2"),
        ("'postgresql://a/b?sslpassword=p', 1", "'postgresql://a/b?sslpassword=***', 1"),
        ("http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b"),
        ("12:30 ada@example.com", "12:30 ada@example.com"),
    ],
)
def test_passwords_in_urls_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_registered_secret_is_hidden_wherever_it_appears() -> None:
    assert register_secret("hush-Ada-1815") == "hush-Ada-1815"
    assert redact("--requirepass hush-Ada-1815 (hush-Ada-1815)") == "--requirepass *** (***)"


def test_a_secret_that_is_part_of_another_uncovers_nothing_of_it() -> None:
    register_secret("lovelace")
    register_secret("lovelace-and-byron")
    assert redact("lovelace-and-byron, lovelace") == "***, ***"


def test_an_empty_secret_hides_nothing() -> None:
    register_secret("")
    assert redact("open") == "open"


def test_errors_and_the_console_hide_secrets() -> None:
    register_secret("told-to-nobody")
    stream = io.StringIO()
    Console(stream).say("it is told-to-nobody")
    error = ServiceError("a", seen="told-to-nobody", looked="b", remedy="c")
    assert stream.getvalue() == "it is ***\n"
    assert str(error) == "a: ***\n  Looked at: b\n  Try: c"
    assert error.seen == "***"


def test_secrets_may_be_registered_while_others_are_being_hidden() -> None:
    def register_many() -> None:
        for number in range(2_000):
            register_secret(f"concurrent-secret-{number}")

    thread = threading.Thread(target=register_many)
    thread.start()
    while thread.is_alive():
        redact("nothing secret here")
    thread.join()
    assert redact("concurrent-secret-1999") == "***"
