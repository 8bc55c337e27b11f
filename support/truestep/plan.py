"""What the selected scenarios need, read before anything is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from truestep.errors import TagError, UndefinedStepError, nearest
from truestep.tags import Lifetime, read_tags

_SHOWN_LIKE = 3
_ALIKE = 0.4


@dataclass(frozen=True)
class ScenarioPlan:
    """What one selected scenario needs; `refusal` is why it must not run, or None.

    `tagged` are the services that its tags name, `started` those that it takes to have them: more
    when an application stands on others, fewer when one brings its own, none when it is refused.
    """

    tagged: frozenset[str]
    started: frozenset[str]
    lifetime: Lifetime
    refusal: UndefinedStepError | None


class Plan:
    """The selected scenarios of a run, in order, with what each needs.

    Args:
        features: behave's features.
        config: behave's configuration, which selects by tag, name and line.
        registry: behave's step registry.
        services: the names of all services.
        applications: those of them that are applications under test; one is started once per
            run, and with it all that its scenarios need, whatever the settings say.
        lifetime: how long services live where no tag says otherwise.
        stands_on: returns, for an application, its services of the run and those of its own.

    Raises:
        TagError: a tag asks for what Truestep does not have.
    """

    def __init__(
        self,
        features: Iterable[Any],
        *,
        config: Any,
        registry: Any,
        services: Iterable[str],
        applications: Collection[str],
        lifetime: Lifetime,
        stands_on: Callable[[str], tuple[frozenset[str], frozenset[str]]],
    ) -> None:
        self.services = known = frozenset(services)
        self._scenarios: dict[int, ScenarioPlan] = {}
        self._of_feature: dict[int, list[ScenarioPlan]] = {}
        for feature in features:
            rows = self._of_feature.setdefault(id(feature), [])
            for scenario in feature.walk_scenarios():
                if not scenario.should_run(config):
                    continue
                tags = scenario.effective_tags
                requests = read_tags(tags, services=known, where=str(scenario.location))
                tagged = requests.services
                refusal = _refusal(scenario, registry) if tagged else None
                started = frozenset() if refusal else _started(tagged, stands_on)
                tested = sorted(tagged.intersection(applications))
                _refuse_lifetime(requests.lifetime, tested, str(scenario.location))
                lives = Lifetime.RUN if tested else requests.lifetime or lifetime
                row = ScenarioPlan(tagged, started, lives, refusal)
                self._scenarios[id(scenario)] = row
                rows.append(row)

    def of(self, scenario: Any) -> ScenarioPlan:
        """Returns the plan of a selected scenario."""
        return self._scenarios[id(scenario)]

    def needed(self) -> list[str]:
        """Returns all services that the run needs, whatever their lifetime."""
        return sorted({name for row in self._scenarios.values() for name in row.started})

    def needed_for_run(self) -> list[str]:
        """Returns the services that live as long as the run."""
        return self._with(Lifetime.RUN, self._scenarios.values())

    def needed_for_feature(self, feature: Any) -> list[str]:
        """Returns the services that live as long as `feature`."""
        return self._with(Lifetime.FEATURE, self._of_feature.get(id(feature), []))

    def first(self) -> frozenset[str]:
        """Returns the services of the first scenario that will run."""
        return next((row.started for row in self._scenarios.values()), frozenset())

    def count(self) -> int:
        """Returns how many selected scenarios ask for a service."""
        return sum(1 for row in self._scenarios.values() if row.tagged)

    def uses(self) -> Counter[str]:
        """Returns how many selected scenarios use each service."""
        return Counter(name for row in self._scenarios.values() for name in row.started)

    @staticmethod
    def _with(lifetime: Lifetime, rows: Iterable[ScenarioPlan]) -> list[str]:
        return sorted({name for row in rows if row.lifetime is lifetime for name in row.started})


def _started(
    tagged: frozenset[str], stands_on: Callable[[str], tuple[frozenset[str], frozenset[str]]]
) -> frozenset[str]:
    of_the_run: set[str] = set()
    of_its_own: set[str] = set()
    for name in tagged:
        shared, own = stands_on(name)
        of_the_run |= shared
        of_its_own |= own
    return frozenset((tagged - of_its_own) | of_the_run)


def _refuse_lifetime(asked: Lifetime | None, tested: list[str], where: str) -> None:
    if tested and asked not in (None, Lifetime.RUN):
        raise TagError(
            f"the tag @lifetime.{asked} does not go with @{tested[0]}",
            seen="an application under test is started once per run",
            looked=where,
            remedy="take one of the two tags away",
        )


def _refusal(scenario: Any, registry: Any) -> UndefinedStepError | None:
    undefined = [step for step in scenario.all_steps if registry.find_match(step) is None]
    if not undefined:
        return None
    step = undefined[0]
    others = f" (and {len(undefined) - 1} more)" if len(undefined) > 1 else ""
    like = _like(step.name, [str(one.pattern) for one in _definitions(registry, step)])
    return UndefinedStepError(
        f"the step {step.keyword} {step.name!r} is undefined{others}",
        seen="no step definition matches it; its scenario is not run and starts no service",
        looked=f"{step.location}, and all steps in steps/ and truestep.steps",
        remedy=f"define it, or write one of the closest:\n{like}" if like else "define it",
    )


def _definitions(registry: Any, step: Any) -> list[Any]:
    return [*registry.steps[step.step_type], *registry.steps["step"]]


def _like(name: str, patterns: list[str]) -> str:
    remaining = list(dict.fromkeys(patterns))
    found: list[str] = []
    while remaining and len(found) < _SHOWN_LIKE:
        one = _nearest_ignoring_case(name, remaining)
        if one is None:
            break
        found.append(one)
        remaining.remove(one)
    return "\n".join(f"    {one}" for one in found)


def _nearest_ignoring_case(name: str, patterns: list[str]) -> str | None:
    by_lower: dict[str, str] = {pattern.lower(): pattern for pattern in patterns}
    found = nearest(name, by_lower, cutoff=_ALIKE)
    return by_lower[found] if found else None
