"""What a feature or scenario is called from run to run: in history, in addresses, in JUnit."""

from __future__ import annotations

import re
from collections import Counter

_NOT_WORD = re.compile(r"[^\w.]+")
_LONGEST_SLUG = 120


# What the page itself has addresses for.
RESERVED = (
    "about",
    "by-outcome",
    "by-service",
    "by-tag",
    "contents",
    "count",
    "failures",
    "features",
    "menu",
    "nothing",
    "search",
    "servers",
    "t-about",
    "t-failures",
    "t-features",
    "t-servers",
    "theme",
    "top",
)


class Keys:
    """Gives each thing a name of its own; what comes again in a file is numbered."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter(RESERVED)

    def of_feature(self, uri: str) -> str:
        """Returns the address of the feature of a file."""
        return self._own(slug(uri.removesuffix(".feature")))

    def of_scenario(self, uri: str, name: str) -> tuple[str, str]:
        """Returns the key and the address of a scenario: stable while its file and name are."""
        key = self._own(f"{uri}: {name}", " ({})")
        return key, self._own(slug(f"{uri.removesuffix('.feature')} {name}"))

    def _own(self, name: str, numbered: str = "-{}") -> str:
        self._taken[name] += 1
        count = self._taken[name]
        return name if count == 1 else self._own(name + numbered.format(count), numbered)


def slug(text: str) -> str:
    """Returns `text` as part of an address: letters of any alphabet, digits, dots and hyphens."""
    return _NOT_WORD.sub("-", text.removeprefix("features/").lower()).strip("-")[:_LONGEST_SLUG]


def example_names(names: list[str], rows: list[dict[str, str]]) -> list[str]:
    """Returns a name for each example of an outline, told apart by its values where need be.

    Args:
        names: what each example is called, its values filled in.
        rows: each example's values by column.
    """
    if len(set(names)) == len(names):
        return names
    return [
        f"{name} ({', '.join(f'{column}: {value}' for column, value in row.items())})"
        for name, row in zip(names, rows, strict=True)
    ]
