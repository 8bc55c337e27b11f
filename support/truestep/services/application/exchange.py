"""One request and its answer: to look at, and as evidence that may be shown to anybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from truestep.evidence import Entry, Kind, Snapshot
from truestep.services.application.hiding import Pairs

_SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Exchange:
    """What was sent and what came back, secrets hidden, long bodies cut.

    `status` is None, and `problem` says why, when no answer came; `at` is when it was sent.
    """

    method: str
    url: str
    request_headers: Pairs
    request_body: str
    status: int | None = None
    reason: str = ""
    headers: Pairs = ()
    body: str = ""
    duration_s: float = 0.0
    problem: str = ""
    at: datetime | None = None

    @property
    def request_line(self) -> str:
        """The first line of the request: `GET http://127.0.0.1:8000/users/1`."""
        return f"{self.method} {self.url}"

    @property
    def outcome(self) -> str:
        """What came of it: `201 Created`, or why nothing did."""
        if self.status is None:
            return f"no answer: {self.problem}"
        return f"{self.status} {self.reason}".rstrip()

    def __str__(self) -> str:
        sent = [self.request_line, *_lines(self.request_headers, self.request_body)]
        if self.status is None:
            return "\n".join([*sent, "", f"no answer: {self.problem}"])
        head = f"{self.status} {self.reason}".rstrip() + f" ({self.duration_s:.3f} s)"
        return "\n".join([*sent, "", head, *_lines(self.headers, self.body)])


@dataclass(frozen=True, repr=False)
class Answer:
    """An answer as it came, to be looked at; its text for people hides secrets.

    Attributes:
        request: what it answers, for people: `GET /users/1`.
        url: what it answers, or what a redirect has led to.
        status: the status code.
        headers: names and values, in the order they came.
        body: the bytes.
        text: the body as text, in the character set that the answer names.
        duration_s: seconds from the request to the end of the body.
        exchange: what may be shown of it.
    """

    request: str
    url: str
    status: int
    headers: Pairs
    body: bytes
    text: str
    duration_s: float
    exchange: Exchange

    def __repr__(self) -> str:
        return self.shown()

    def header(self, name: str) -> str | None:
        """Returns the value of a header, several joined by commas; None when there is none."""
        values = [value for one, value in self.headers if one.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self) -> Any:
        """Returns the body's JSON value; ValueError when it is not JSON."""
        return json.loads(self.text)

    def is_json(self) -> bool:
        """Tells whether the body is JSON."""
        try:
            self.json()
        except ValueError:
            return False
        return True

    def shown(self) -> str:
        """Returns status and body in one line, the body cut to 500 characters."""
        return f"{self.status} {self.exchange.reason}".rstrip() + f": {self.shown_body()}"

    def shown_body(self) -> str:
        """Returns the body for people, cut to 500 characters."""
        body = self.exchange.body.strip()
        if not body:
            return "(nothing)"
        return body if len(body) <= _SHOWN_CHARACTERS else body[:_SHOWN_CHARACTERS] + "…"


def exchanges_of(exchanges: Iterable[Exchange]) -> Snapshot:
    """Returns requests and answers as evidence."""
    exchanges = list(exchanges)
    rows = [
        {
            "request": one.request_line,
            "answer": one.outcome,
            "took": f"{one.duration_s * 1000:.0f} ms",
            "request headers": dict(one.request_headers),
            "request body": one.request_body,
            "answer headers": dict(one.headers),
            "answer body": one.body,
        }
        for one in exchanges
    ]
    return Snapshot("http", rows, tuple(entry for one in exchanges for entry in _entries(one)))


def _entries(exchange: Exchange) -> Iterator[Entry]:
    took_s = timedelta(seconds=exchange.duration_s)
    yield Entry(Kind.HTTP, exchange.request_line, str(exchange), at=exchange.at)
    yield Entry(
        Kind.HTTP,
        f"{exchange.outcome}, after {exchange.duration_s * 1000:.0f} ms",
        at=exchange.at and exchange.at + took_s,
    )


def _lines(headers: Pairs, body: str) -> list[str]:
    lines = [f"{name}: {value}" for name, value in headers]
    return [*lines, "", body] if body else lines
