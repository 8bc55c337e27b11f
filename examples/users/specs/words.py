"""The words that steps share: people, teams, durations, happenings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from examples.users.events import Happening
from truestep.steps.durations import parse_duration

_HAPPENINGS = {
    "signed up": Happening.CREATED,
    "was renamed": Happening.RENAMED,
    "left": Happening.DELETED,
}


@dataclass(frozen=True)
class Word:
    """A kind of word in a step: `pattern` says which text it is, `read` what the text means."""

    pattern: str
    read: Callable[[str], Any]

    def __call__(self, text: str) -> Any:
        """Returns what `text` means."""
        return self.read(text)


# For `register_type(**WORDS)`, which a step file calls before its first step.
WORDS: Mapping[str, Callable[[str], Any]] = {
    "Person": Word(r"[A-Z][a-z]+", str),
    # Also the name of the team's consumer group, in which Kafka allows no space.
    "Team": Word(r"[a-z]+ team", lambda text: text.replace(" ", "-")),
    "Duration": parse_duration,
    "Happening": Word("|".join(_HAPPENINGS), _HAPPENINGS.__getitem__),
}
