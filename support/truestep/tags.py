"""Tags become typed requests: which services, for how long, how isolated."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from truestep.errors import TagError, nearest

K = TypeVar("K", bound=StrEnum)


class Lifetime(StrEnum):
    """How long a started service lives."""

    RUN = "run"
    FEATURE = "feature"
    SCENARIO = "scenario"


class IsolationKind(StrEnum):
    """How scenarios are kept apart on a shared service."""

    PRIVATE = "private"


@dataclass(frozen=True)
class Requests:
    """What the tags of one scenario ask for; None means: as the settings say."""

    services: frozenset[str]
    lifetime: Lifetime | None
    isolation: IsolationKind | None


def read_tags(tags: Iterable[str], *, services: Collection[str], where: str) -> Requests:
    """Reads the effective tags of a scenario.

    Args:
        tags: tag names without `@`; those with no meaning to Truestep are left alone.
        services: the names of the registered services.
        where: the scenario's location, for the error.

    Raises:
        TagError: a `lifetime.` or `isolation.` tag with an unknown value, or two that disagree.
    """
    names = [str(tag) for tag in tags]
    return Requests(
        services=frozenset(name for name in names if name in services),
        lifetime=_only(Lifetime, "lifetime", names, where),
        isolation=_only(IsolationKind, "isolation", names, where),
    )


def _only(kind: type[K], prefix: str, names: list[str], where: str) -> K | None:
    known = [member.value for member in kind]
    # Sorted: behave gives them in no order.
    asked = sorted({name for name in names if name.startswith(f"{prefix}.")})
    for name in asked:
        if name.removeprefix(f"{prefix}.") not in known:
            like = nearest(name.removeprefix(f"{prefix}."), known)
            raise TagError(
                f"the tag @{name} is unknown",
                seen=f"{prefix} is one of {', '.join(known)}",
                looked=where,
                remedy=f"write @{prefix}.{like or known[0]}",
            )
    if len(asked) > 1:
        raise TagError(
            f"the {prefix} of a scenario is asked for twice",
            seen=" and ".join(f"@{name}" for name in asked),
            looked=where,
            remedy="keep one of them; a tag on the feature also counts for its scenarios",
        )
    return kind(asked[0].removeprefix(f"{prefix}.")) if asked else None
