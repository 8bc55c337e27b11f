"""An application that keeps notes in memory and says what it was sent; standard library only.

Run it with a port: `python examples/echo/server.py 8000`.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "a-token-of-the-echo"  # noqa: S105  # an example's
PASSWORD = base64.b64encode(b"ada:engine1843").decode()

notes: dict[str, dict[str, Any]] = {}
numbers = count(1)


class Echo(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers every method; which ones a path has is for the path to say."""
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        head, _, rest = path.removeprefix("/").partition("/")
        answer = getattr(self, f"at_{head}", None)
        if answer is None:
            self.say(HTTPStatus.NOT_FOUND, {"error": f"there is nothing at {path}"})
        else:
            answer(rest, body)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815  # http.server

    def at_health(self, _rest: str, _body: bytes) -> None:
        """Says that it is well."""
        self.say(HTTPStatus.OK, {"status": "up"})

    def at_echo(self, _rest: str, body: bytes) -> None:
        """Says what it was sent."""
        parts = urlsplit(self.path)
        self.say(
            HTTPStatus.OK,
            {
                "method": self.command,
                "path": parts.path,
                "query": dict(parse_qsl(parts.query)),
                "headers": {name.lower(): value for name, value in self.headers.items()},
                **self.received(body),
            },
        )

    def at_notes(self, number: str, body: bytes) -> None:
        """Keeps notes: POST to /notes; GET, PATCH or DELETE /notes/1."""
        if self.command == "POST":
            number = str(next(numbers))
            notes[number] = {"id": int(number), **json.loads(body)}
            self.say(HTTPStatus.CREATED, notes[number], {"Location": f"/notes/{number}"})
        elif number not in notes:
            self.say(HTTPStatus.NOT_FOUND, {"error": f"there is no note {number}"})
        elif self.command == "DELETE":
            del notes[number]
            self.say(HTTPStatus.NO_CONTENT)
        else:
            if self.command == "PATCH":
                notes[number] |= json.loads(body)
            self.say(HTTPStatus.OK, notes[number])

    def at_slow(self, number: str, _body: bytes) -> None:
        """Makes a note and has it ready on the third look: 404 before."""
        looks = notes.setdefault(f"slow {number}", {"looks": 0})
        looks["looks"] += 1
        if looks["looks"] < 3:  # noqa: PLR2004
            self.say(HTTPStatus.NOT_FOUND, {"error": "not ready yet"})
        else:
            self.say(HTTPStatus.OK, {"ready": True})

    def at_moved(self, rest: str, _body: bytes) -> None:
        """Leads to /echo/…, the old place of which this is."""
        self.say(HTTPStatus.TEMPORARY_REDIRECT, None, {"Location": f"/echo/{rest}"})

    def at_private(self, _rest: str, _body: bytes) -> None:
        """Lets in who has the token or the password."""
        known = {f"Bearer {TOKEN}": "a token", f"Basic {PASSWORD}": "a password"}
        by = known.get(self.headers.get("Authorization", ""))
        if by is None:
            self.say(HTTPStatus.UNAUTHORIZED, {"error": "who are you?"})
        else:
            self.say(HTTPStatus.OK, {"let in by": by}, {"Set-Cookie": "visit=first; Path=/"})

    def at_poem(self, _rest: str, _body: bytes) -> None:
        """Says something that is no JSON."""
        text = "The Analytical Engine weaves\nalgebraical patterns.\n"
        self.send(HTTPStatus.OK, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def at_late(self, seconds: str, _body: bytes) -> None:
        """Answers after so many seconds."""
        Event().wait(float(seconds))
        self.say(HTTPStatus.OK, {"late": True})

    def received(self, body: bytes) -> dict[str, Any]:
        """Returns a body as what it is: JSON, a form with its files, or text."""
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return {"json": json.loads(body)}
        if kind.startswith("application/x-www-form-urlencoded"):
            return {"form": dict(parse_qsl(body.decode()))}
        if kind.startswith("multipart/form-data"):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
            return {"files": {_field(part): _file(part) for part in parts}}
        return {"text": body.decode()} if body else {}

    def say(
        self, status: HTTPStatus, value: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answers with JSON; None for no body."""
        body = b"" if value is None else json.dumps(value).encode()
        self.send(status, body, {"Content-Type": "application/json", **(headers or {})})

    def send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        """Answers with these bytes."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _field(part: Any) -> str:
    return str(part.get_param("name", header="content-disposition"))


def _file(part: Any) -> dict[str, Any]:
    content = part.get_payload(decode=True)
    return {"name": part.get_filename(), "type": part.get_content_type(), "bytes": len(content)}


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
