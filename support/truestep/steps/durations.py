"""Durations as people write them, for step definitions: the parse type `Duration`.

`{by:Duration}` in a step definition matches `1 hour`, `59 seconds`, `0.5 seconds`, `a week`.
"""

from __future__ import annotations

import re
from datetime import timedelta

from behave import register_type

_UNITS = "millisecond|second|minute|hour|day|week"
_DURATION = rf"(?:an?|\d+(?:\.\d+)?) (?:{_UNITS})s?"
_PARTS = re.compile(rf"(?P<count>an?|\d+(?:\.\d+)?) (?P<unit>{_UNITS})s?", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """Returns the duration that `text` names: a number, or `a`, and a unit up to weeks.

    Raises:
        ValueError: it does not name one.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a duration like '1 hour', '59 seconds' or 'a week'")
    count = 1.0 if found["count"].lower() in ("a", "an") else float(found["count"])
    return timedelta(**{found["unit"].lower() + "s": count})


# parse reads from the attribute which text the type matches.
parse_duration.pattern = _DURATION  # type: ignore[attr-defined]

register_type(Duration=parse_duration)
