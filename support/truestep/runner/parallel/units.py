"""From the scenarios of a run to what its workers are given."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from truestep.runner.needs import WHOLE, Needs
from truestep.runner.parallel.places import Place
from truestep.runner.schedule import Unit
from truestep.runner.timings import Timings, scenario_key


def units_of(
    places: Sequence[Place],
    selected: Collection[int],
    needs: Sequence[Needs],
    timings: Timings,
    *,
    shared: Mapping[str, str],
    repeat: int,
) -> list[Unit]:
    """Returns the units of a run, as they were written.

    Args:
        places: of all scenarios.
        selected: positions of those that are to run.
        needs: what each of all scenarios asks.
        timings: how long they took before.
        shared: by the tags that stand for what scenarios share, the name of the lock on it.
        repeat: how often each one runs.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for position in sorted(selected):
        groups.setdefault(_group(places[position], position), []).append(position)
    units = []
    for positions in groups.values():
        tags = {str(tag) for one in positions for tag in places[one].scenario.effective_tags}
        expected = (
            timings.expected_or_typical(scenario_key(places[one].scenario)) for one in positions
        )
        units.append(
            Unit(
                tuple(positions),
                places[positions[0]].feature,
                sum(expected),
                any(needs[one].alone for one in positions),
                frozenset().union(*(needs[one].locks for one in positions))
                | {shared[tag] for tag in tags & shared.keys()},
            )
        )
    return [unit for unit in units for _ in range(repeat)]


def shuffled(units: Sequence[Unit], seed: int) -> list[Unit]:
    """Returns the units in an order that follows from `seed`."""
    return random.Random(seed).sample(units, len(units))  # noqa: S311  # no secret, but an order


def _group(place: Place, position: int) -> tuple[int, ...]:
    """Returns what one worker does as a whole: a feature or a rule with that tag, or a scenario."""
    rule, feature = _containers(place.scenario)
    if WHOLE in feature.tags:
        return (place.feature,)
    if rule is not None and WHOLE in rule.tags and place.rule is not None:
        return (place.feature, place.rule)
    return (place.feature, -1, position)


def _containers(scenario: Any) -> tuple[Any, Any]:
    parent = scenario.parent
    if parent.type not in ("feature", "rule"):
        # Of an outline.
        parent = parent.parent
    return (parent, parent.feature) if parent.type == "rule" else (None, parent)
