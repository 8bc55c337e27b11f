"""Hides secrets in everything that is shown: errors, logs, reports."""

from __future__ import annotations

import re
import secrets

_HIDDEN = "***"
_URL_PASSWORD = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@]*):(?P<secret>[^\s@/]+)@", re.IGNORECASE
)
# Clients take it from there, too; it need not be spelt there as it is registered.
_URL_PARAMETER = re.compile(r"(?P<head>[?&](?:ssl)?password=)[^\s&#'\"]+", re.IGNORECASE)
_secrets: set[str] = set()


def register_secret(secret: str) -> str:
    """From now on hides `secret` wherever it appears in shown text; returns it unchanged."""
    if secret:
        _secrets.add(secret)
    return secret


def new_password() -> str:
    """Returns a random password, hidden from now on.

    Of letters and digits alone: it means itself in a URL, in a command and in a configuration file.
    """
    return register_secret(secrets.token_hex(16))


def redact(text: str) -> str:
    """Returns `text` with registered secrets, and passwords inside URLs, replaced by `***`."""
    # A copy: services that start in the background register theirs meanwhile. Longest first, as
    # one secret may be part of another.
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = _URL_PASSWORD.sub(rf"\g<head>:{_HIDDEN}@", text)
    return _URL_PARAMETER.sub(rf"\g<head>{_HIDDEN}", text)
