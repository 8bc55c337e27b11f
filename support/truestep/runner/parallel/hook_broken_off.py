"""The hook that a worker died in: which one it was, and what hangs on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from truestep.errors import WorkerDiedError
from truestep.runner.cases import CLEANUP
from truestep.runner.outcomes import Around, Status
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.states import ContainerState
from truestep.runner.parallel.wire import Part


@dataclass(frozen=True)
class HookBrokenOff:
    """The hook, or the cleanups, outside of scenarios in which a worker died.

    `name` is that of a worker process where none ran. `where` is the place of the feature or rule,
    empty for the run; `started_id` the id of its beginning in the record, if it has one.
    """

    name: str = "a worker process"
    where: str = ""
    started_id: str = ""

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> HookBrokenOff:
        """Reads it from what the worker has recorded since its last hook or scenario ended."""
        name = where = started_id = ""
        for row in map(json.loads, b"".join(lines).splitlines()):
            if "hook" in row:
                name, place = row["hook"]["name"], row["hook"]["sourceReference"]
                is_feature = place["uri"].endswith(".feature")
                where = f"{place['uri']}:{place['location']['line']}" if is_feature else ""
            elif "testRunHookStarted" in row:
                started_id = row["testRunHookStarted"]["id"]
        return cls(name, where, started_id) if started_id else cls()

    @property
    def is_last(self) -> bool:
        """Whether what it is about had run."""
        return self.name.startswith("after_") or self.name == CLEANUP

    def around(self, what: str) -> Around:
        """Returns what is told of it; `what` says how the worker died."""
        return Around(self.name, self.where, Status.ERROR, (f"{WorkerDiedError.__name__}: {what}",))

    def stands_at(self, places: Sequence[Place]) -> tuple[int, int | None] | None:
        """Returns the numbers of its feature and its rule; None if it is about neither."""
        for place in places:
            feature = place.scenario.feature
            if str(feature.location) == self.where:
                return place.feature, None
            if place.rule is not None:
                rule = feature.run_items[place.rule]
                if str(rule.location) == self.where:
                    return place.feature, place.rule
        return None

    def part(self, rule: int | None, what: str) -> Part:
        """Returns what the worker would have told of its part of that rule, or of the feature."""
        return Part(rule, ContainerState.broken_off(what), "")
