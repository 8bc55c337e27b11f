"""Hides secrets in what is shown of requests and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from truestep.redaction import redact, register_secret

HIDDEN = "***"
_ALWAYS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
# A shorter one may be part of any word; it is hidden in its own place only.
_SHORTEST = 8
_SHOWN_CHARACTERS = 10_000
_FORM = "application/x-www-form-urlencoded"

Pairs = tuple[tuple[str, str], ...]


def hidden(secret: str) -> str:
    """From now on hides a secret of at least 8 characters in all that is shown; returns it."""
    return register_secret(secret) if len(secret) >= _SHORTEST else secret


class Hiding:
    """Knows which values of an application's requests and answers nobody may read.

    Args:
        names: headers, parameters and names in JSON, in upper or lower case.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in (*_ALWAYS, *names)}

    def hides(self, name: str) -> bool:
        """Tells whether the value of a header, parameter or name in JSON is hidden."""
        return name.lower() in self._names

    def headers(self, headers: Iterable[tuple[str, str]]) -> Pairs:
        """Returns headers as they may be shown; credentials are hidden everywhere from now on."""
        return tuple(self._header(name, value) for name, value in headers)

    def url(self, url: str) -> str:
        """Returns a URL or path as it may be shown."""
        parts = urlsplit(url)
        return redact(urlunsplit(parts._replace(query=self._form(parts.query))))

    def body(self, content: bytes, media_type: str) -> str:
        """Returns a body as it may be shown: its text, or its size when it is none."""
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return f"({len(content)} bytes of {media_type or 'unknown type'})"
        if media_type.startswith("multipart/"):
            return f"({len(content)} bytes of {media_type.partition(';')[0]})"
        shown = redact(self._form(text) if media_type.startswith(_FORM) else self._json(text))
        if len(shown) <= _SHOWN_CHARACTERS:
            return shown
        return f"{shown[:_SHOWN_CHARACTERS]}… ({len(shown)} characters)"

    def anywhere(self, value: Any) -> Any:
        """Returns a value as JSON knows it, and JSON in its texts, without what is hidden."""
        if isinstance(value, str):
            return self._json(value) if value.lstrip().startswith(("{", "[")) else value
        if isinstance(value, list):
            return [self.anywhere(one) for one in value]
        if not isinstance(value, dict):
            return value
        shown = self._without(value)
        return {name: self.anywhere(one) for name, one in shown.items()}

    def _header(self, name: str, value: str) -> tuple[str, str]:
        if not self.hides(name):
            return name, redact(value)
        if "cookie" not in name.lower():
            scheme, _, credentials = value.partition(" ")
            hidden(credentials or scheme)
        return name, HIDDEN

    def _json(self, text: str) -> str:
        try:
            value = json.loads(text)
        except ValueError:
            return text
        without = self._without(value)
        # As it was written, where nothing is hidden.
        return text if without == value else json.dumps(without, ensure_ascii=False)

    def _without(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._without(one) for one in value]
        if not isinstance(value, dict):
            return value
        for name, one in value.items():
            if self.hides(name) and isinstance(one, str):
                hidden(one)
        return {
            name: HIDDEN if self.hides(name) and one is not None else self._without(one)
            for name, one in value.items()
        }

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        if not any(self.hides(name) for name, _ in pairs):
            return text
        for name, value in pairs:
            if self.hides(name):
                hidden(value)
        shown = [(name, HIDDEN if self.hides(name) else value) for name, value in pairs]
        return urlencode(shown, safe="*")
