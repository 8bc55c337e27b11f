"""The words that steps about accounts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# What somebody may leave out or get wrong, the part of the sign-up that is refused for it, and
# how the sign-up differs from a good one; None leaves a part out.
DEFECTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "without a name": ("name", {"name": None}),
    "with an empty name": ("name", {"name": "   "}),
    "with a name of 201 letters": ("name", {"name": "A" * 201}),
    "with a number for a name": ("name", {"name": 42}),
    "without an e-mail": ("email", {"email": None}),
    "with an e-mail that has no @": ("email", {"email": "ada.example.com"}),
    "with an e-mail that has no domain": ("email", {"email": "ada@"}),
    "with two e-mails in one": ("email", {"email": "ada@example.com, grace@example.com"}),
    "with a hobby": ("hobby", {"hobby": "chess"}),
}

NEWS: Mapping[str, str] = {
    "opened an account": "user.created",
    "was renamed": "user.renamed",
    "closed the account": "user.deleted",
}

DEPENDENCIES: Mapping[str, str] = {
    "the database": "postgres",
    "the cache": "redis",
    "Kafka": "kafka",
}


class Word:
    """A kind of word in a step, for behave: which texts it is, and what each means."""

    def __init__(self, pattern: str, read: Callable[[str], Any] = str) -> None:
        self.pattern = pattern
        self._read = read

    def __call__(self, text: str) -> Any:
        """Returns what `text` means."""
        return self._read(text)


# For `register_type(**WORDS)`, which a step file calls before its first step.
WORDS: Mapping[str, Callable[[str], Any]] = {
    "Who": Word(r"[A-Z][a-z]+"),
    "Defect": Word("|".join(DEFECTS), DEFECTS.__getitem__),
    "News": Word("|".join(NEWS), NEWS.__getitem__),
    "Dependency": Word("|".join(DEPENDENCIES), DEPENDENCIES.__getitem__),
    "Source": Word("cache|database"),
}
