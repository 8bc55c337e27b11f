"""The run's header: each service, its version, how long it took, its provider, and why that one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from truestep.console import Console
from truestep.plan import Plan
from truestep.pool import RUN, ServicePool

# The header is complete when all services are ready this soon; slower ones are announced later,
# so that a scenario never waits for a slow service of another one.
_PATIENCE_S = 2.0
# Servers that are quick are ready by then, with the library of their client imported.
_SOON_S = 0.25


class Header:
    """Announces services before the first feature, and late ones when they are ready.

    Args:
        plan: what the run needs.
        pool: where it is.
        console: where it is announced.
        meanwhile: called once when the services of the first scenario are not ready soon.
    """

    def __init__(
        self, plan: Plan, pool: ServicePool, console: Console, meanwhile: Callable[[], None]
    ) -> None:
        self._plan = plan
        self._pool = pool
        self._console = console
        self._meanwhile = meanwhile
        self._expected: list[tuple[str, str]] = []

    def expect(self, names: Iterable[str], owner: str) -> None:
        """Notes services that were started and are to be announced."""
        self._expected += [(name, owner) for name in names]

    def print(self) -> None:
        """Prints the header, once the services of the first scenario are ready."""
        needed = self._plan.needed()
        count = self._plan.count()
        scenarios = "1 scenario needs" if count == 1 else f"{count} scenarios need"
        self._console.say(f"truestep: {scenarios} {', '.join(needed)}")
        begun = time.monotonic()
        first = [name for name in self._plan.first() if self._pool.owns(name, RUN)]
        if not all(self._pool.wait(name, RUN, within_s=_left_s(begun + _SOON_S)) for name in first):
            self._meanwhile()
        for name in first:
            self._pool.wait(name, RUN)
        self._announce_until(begun + _PATIENCE_S)
        starting = {name for name, _ in self._expected}
        for name in needed:
            if name in starting:
                self._say(name, "is starting")
            elif not self._pool.owns(name, RUN):
                self._say(name, "starts when it is needed")

    def announce(self) -> None:
        """Prints a row for each service that has become ready, or failed, since the last call."""
        self._announce_until(time.monotonic())

    def _announce_until(self, moment: float) -> None:
        for name, owner in list(self._expected):
            if not self._pool.wait(name, owner, within_s=_left_s(moment)):
                continue
            self._expected.remove((name, owner))
            start = self._pool.told(name, owner)
            is_ready = start.took_s is not None
            self._say(
                name, f"{start.version:<14} {start.took_s:.2f} s" if is_ready else "failed to start"
            )

    def _say(self, name: str, what: str) -> None:
        choice = self._pool.choice(name)
        self._console.say(f"  {name:<9} {what:<24} {choice.backend:<9} {choice.why}")


def _left_s(moment: float) -> float:
    return max(0.0, moment - time.monotonic())
