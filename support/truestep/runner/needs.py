"""What a scenario's tags ask of the runner: to be alone, not beside others, to end in time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from truestep.errors import TagError

WHOLE = "whole"
"""The tag of a feature or a rule whose scenarios run one after another, by one worker."""

_SERIAL = "serial"
_LOCK = re.compile(r"serial\.([\w-]+)")
_TIMEOUT = re.compile(r"timeout\((\d+(?:\.\d+)?)\)")
# Words of the user's own, such as @timeout or @serials, are left alone.
_LOOKS_LIKE_LOCK = re.compile(r"serial\W")
_LOOKS_LIKE_TIMEOUT = re.compile(r"timeout\W")


@dataclass(frozen=True)
class Needs:
    """What one scenario asks of the runner.

    `alone`: nothing else runs at the same time (`@serial`). `locks`: nothing else of these names
    does (`@serial.NAME`). `timeout_s`: its own time limit (`@timeout(30)`), or None.
    """

    alone: bool = False
    locks: frozenset[str] = frozenset()
    timeout_s: float | None = None


def needs_of(tags: Iterable[str], where: str) -> Needs:
    """Reads the effective tags of a scenario.

    Args:
        tags: tag names without `@`; those with no meaning to the runner are left alone.
        where: the scenario's location, for the error.

    Raises:
        TagError: `@serial.` without a name, `@timeout(…)` without seconds above 0, or two time
            limits that disagree.
    """
    # Sorted: behave gives them in no order.
    names = sorted({str(tag) for tag in tags})
    return Needs(
        alone=_SERIAL in names,
        locks=frozenset(_lock(name, where) for name in names if _LOOKS_LIKE_LOCK.match(name)),
        timeout_s=_only(names, where),
    )


def _lock(name: str, where: str) -> str:
    found = _LOCK.fullmatch(name)
    if found is None:
        raise TagError(
            f"the tag @{name} cannot be read",
            seen="after the dot comes a name of letters, digits, hyphens and underscores",
            looked=where,
            remedy="write @serial.NAME, or @serial for a scenario that runs alone",
        )
    return found[1]


def _only(names: list[str], where: str) -> float | None:
    asked = [name for name in names if _LOOKS_LIKE_TIMEOUT.match(name)]
    limits = {_limit(name, where) for name in asked}
    if len(limits) > 1:
        raise TagError(
            "the time limit of a scenario is asked for twice",
            seen=" and ".join(f"@{name}" for name in asked),
            looked=where,
            remedy="keep one of them; a tag on the feature also counts for its scenarios",
        )
    return limits.pop() if limits else None


def _limit(name: str, where: str) -> float:
    found = _TIMEOUT.fullmatch(name)
    limit = float(found[1]) if found else 0.0
    if not 0 < limit < float("inf"):
        raise TagError(
            f"the tag @{name} cannot be read",
            seen="a time limit is a number of seconds above 0",
            looked=where,
            remedy="write @timeout(30) or @timeout(1.5)",
        )
    return limit
