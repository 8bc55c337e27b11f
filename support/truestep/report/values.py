"""The values in a step's text, and the places to fill in, set apart for the eye."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

_QUOTED = re.compile(r'"[^"]*"')
_SLOT = re.compile(r"<[^<>]+>")


def marked_values(text: str, places: Iterable[tuple[int, int]]) -> Markup:
    """Returns the text with its values marked: those at `places`, or else what is in quotes."""
    found = list(places) or [match.span() for match in _QUOTED.finditer(text)]
    return _marked(text, found, "value")


def marked_slots(text: str) -> Markup:
    """Returns the text of an outline with its `<places to fill in>` marked."""
    return _marked(text, [match.span() for match in _SLOT.finditer(text)], "slot")


def _marked(text: str, places: Iterable[tuple[int, int]], name: str) -> Markup:
    parts: list[str] = []
    done = 0
    for start, end in places:
        if start >= done and end <= len(text):
            inner = text[start + 1 : end - 1] if name == "slot" else text[start:end]
            parts += [escape(text[done:start]), f'<em class="{name}">{escape(inner)}</em>']
            done = end
    parts.append(escape(text[done:]))
    return Markup("".join(parts))  # noqa: S704  # each part is escaped above
