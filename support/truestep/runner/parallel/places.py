"""Where the scenarios of a run stand in behave's model; the same in the parent and its workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from behave.model import Rule, ScenarioOutline


@dataclass(frozen=True)
class Place:
    """Where one scenario stands.

    `feature` and `rule` are numbers, of the feature in the run and of the rule among all items of
    the feature; `row` is behave's row of the outline that it is an example of.
    """

    scenario: Any
    feature: int
    rule: int | None
    row: Any


def places_of(features: Sequence[Any]) -> list[Place]:
    """Returns the place of each scenario of the run, in the written order."""
    found = []
    for number, feature in enumerate(features):
        for index, item in enumerate(feature.run_items):
            is_rule = isinstance(item, Rule)
            for one in item.run_items if is_rule else [item]:
                is_outline = isinstance(one, ScenarioOutline)
                for scenario in one.scenarios if is_outline else [one]:
                    row = scenario._row if is_outline else None  # noqa: SLF001  # as behave does
                    found.append(Place(scenario, number, index if is_rule else None, row))
    return found
