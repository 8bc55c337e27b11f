"""Freezing a container: on a busy machine it takes more than one try."""

from __future__ import annotations

from collections.abc import Callable

from truestep.errors import ServiceError
from truestep.polling import pause, pauses

# What runc says when some process of the container kept running through all of its short tries. It
# leaves the next one to whoever has asked: github.com/opencontainers/runc/pull/4388
_TOO_BUSY = "unable to freeze"
_TRIES = 30


def freeze(container: str, attempt: Callable[[], str | None]) -> None:
    """Freezes a container; tries again while the machine is too busy for it.

    Args:
        container: how it is called, for the error.
        attempt: asks the engine once; returns None when it is frozen, else what the engine said.

    Raises:
        ServiceError: it could not be frozen.
    """
    said: str | None = None
    for _, seconds in zip(range(_TRIES), pauses(), strict=False):
        said = attempt()
        if said is None:
            return
        if _TOO_BUSY not in said:
            break
        pause(seconds)
    raise ServiceError(
        f"{container} could not be frozen",
        seen=said or "",
        looked="the Docker engine",
        remedy="see the engine's log; on a machine that is too busy, run less beside it",
    )
