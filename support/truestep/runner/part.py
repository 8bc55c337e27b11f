"""A shard's part of a run: the scenarios of the other shards are left out of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from truestep.runner.needs import WHOLE, Needs
from truestep.runner.shards import Shard, plan_of, split
from truestep.runner.timings import Timings, scenario_key


@dataclass(frozen=True)
class Part:
    """What a shard runs: `count` of all `total` scenarios that were selected.

    `plan` is the fingerprint of how they were split.
    """

    shard: Shard
    plan: str
    count: int
    total: int

    def __str__(self) -> str:
        shard = self.shard
        return (
            f"shard {shard.index}/{shard.total}, as {shard.found} says: "
            f"{self.count} of {self.total} scenarios"
        )

    def json(self) -> dict[str, object]:
        """Returns it as run.json has it."""
        return {"index": self.shard.index, "total": self.shard.total, "plan": self.plan}


def take_part(
    features: Sequence[Any], config: Any, needs: Sequence[Needs], shard: Shard, timings: Timings
) -> Part:
    """Leaves out what other shards run, as behave leaves out what `file:line` does not name.

    Args:
        features: behave's.
        config: behave's configuration, which selects scenarios.
        needs: what each scenario asks of the runner, in their order.
        shard: which one this is.
        timings: how long scenarios took before.
    """
    scenarios = [one for feature in features for one in feature.walk_scenarios()]
    selected: dict[int, str] = {}
    groups: dict[str, list[str]] = {}
    for scenario, need in zip(scenarios, needs, strict=True):
        if scenario.should_run(config):
            key = selected[id(scenario)] = scenario_key(scenario)
            groups.setdefault(key, []).extend(_groups(scenario, need))
    own = split(groups, groups, timings, shard.total)[shard.index - 1]
    mine = {one for one, key in selected.items() if key in own}
    for feature in features:
        _keep(feature, mine, selected.keys() - mine)
    plan = plan_of(groups, timings, shard.total, groups)
    return Part(shard, plan, len(mine), len(selected))


def _groups(scenario: Any, needs: Needs) -> list[str]:
    names = [f"@serial.{lock}" for lock in needs.locks]
    container = scenario.parent
    while container is not None:
        if container.type in ("feature", "rule") and WHOLE in container.tags:
            names.append(f"@whole {container.location}")
        container = container.parent
    return names


def _keep(container: Any, mine: Collection[int], others: Collection[int]) -> None:
    """Leaves out what is not mine; a feature or a rule with nothing else as a whole."""
    inside = list(container.walk_scenarios())
    theirs = [one for one in inside if id(one) in others]
    if theirs and not any(id(one) in mine for one in inside):
        # Its hooks are not to run here.
        container.mark_skipped()
        return
    for rule in getattr(container, "rules", ()):
        _keep(rule, mine, others)
    for scenario in theirs:
        scenario.mark_skipped()
