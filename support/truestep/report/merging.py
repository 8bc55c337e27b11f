"""Several runs of the same features, or of parts of them, become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from truestep.report.outcome import Outcome
from truestep.report.run import Examples, Feature, Item, Outline, Run, Scenario, Section


def merged(runs: Sequence[Run]) -> Run:
    """Returns one run of all of them.

    A scenario that ran in several ends as it did in the worst, so that no failure is lost; its
    attempts tell of the others. A run in which it was left out says nothing about it.
    """
    if len(runs) == 1:
        return runs[0]
    # The features as the latest run read them come first; older ones add what it did not have.
    by_time = sorted(runs, key=lambda run: str(run.about[-1].started), reverse=True)
    found: dict[str, list[Scenario]] = {}
    features: dict[str, Feature] = {}
    for run in by_time:
        for scenario in run.scenarios:
            found.setdefault(scenario.key, []).append(scenario)
        for feature in run.features:
            known = features.get(feature.uri)
            features[feature.uri] = _joined(known, feature) if known else feature
    chosen = {key: _worst_of(scenarios) for key, scenarios in found.items()}
    return Run(
        about=tuple(about for run in reversed(by_time) for about in run.about),
        features=tuple(_with(features[uri], chosen) for uri in sorted(features)),
        services=tuple(use for run in reversed(by_time) for use in run.services),
        problems=tuple(one for run in reversed(by_time) for one in run.problems),
        attached=tuple(one for run in reversed(by_time) for one in run.attached),
    )


def _worst_of(scenarios: list[Scenario]) -> Scenario:
    ran = [one for one in scenarios if one.outcome is not Outcome.SKIPPED]
    if not ran:
        return scenarios[0]
    # A later or other run reached what one did not.
    reached = [one for one in ran if one.outcome is not Outcome.NOT_RUN] or ran
    worst = min(reached, key=lambda one: one.outcome.severity)
    attempts = [attempt for one in reversed(ran) for attempt in one.attempts or (one.as_attempt(),)]
    return replace(worst, attempts=tuple(attempts) if len(attempts) > 1 else ())


def _joined(latest: Feature, older: Feature) -> Feature:
    """The latest feature, and what only the older has; its sections by their names."""
    known = {scenario.key for scenario in latest.scenarios}
    missing = [
        section._replace(items=items)
        for section in older.sections
        if (items := tuple(item for item in section.items if not _keys(item) & known))
    ]
    if not missing:
        return latest
    sections = {section.name: section for section in latest.sections}
    for section in missing:
        own = sections.get(section.name)
        joined = own._replace(items=own.items + section.items) if own else section
        sections[section.name] = joined
    return replace(latest, sections=tuple(sections.values()))


def _keys(item: Item) -> set[str]:
    return {one.key for one in (item.scenarios if isinstance(item, Outline) else (item,))}


def _with(feature: Feature, chosen: dict[str, Scenario]) -> Feature:
    return replace(feature, sections=tuple(_section(one, chosen) for one in feature.sections))


def _section(section: Section, chosen: dict[str, Scenario]) -> Section:
    return section._replace(items=tuple(_item(item, chosen) for item in section.items))


def _item(item: Item, chosen: dict[str, Scenario]) -> Item:
    if isinstance(item, Scenario):
        return _placed(item, chosen)
    tables = tuple(_examples(table, chosen) for table in item.examples)
    return item._replace(examples=tables)


def _examples(table: Examples, chosen: dict[str, Scenario]) -> Examples:
    return table._replace(rows=tuple((cells, _placed(one, chosen)) for cells, one in table.rows))


def _placed(scenario: Scenario, chosen: dict[str, Scenario]) -> Scenario:
    # Its address is that of the features shown; the others' files may have had other lines.
    return replace(chosen[scenario.key], slug=scenario.slug)
