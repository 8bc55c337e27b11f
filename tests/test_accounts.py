"""The specs of the service are the same specs on a local process, on a compose stack and by URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from behave.parser import parse_file

from bench.accounts import FEATURES, PAGE, WAYS
from examples.accounts.specs.deployed import Deployed, deployed
from examples.accounts.specs.words import DEPENDENCIES
from tests.clone import ROOT
from tests.project import Project, Run

LOCAL, STACK, BY_URL = WAYS
EVERY_WAY = [LOCAL, pytest.param(STACK, marks=pytest.mark.docker), BY_URL]
SKIPPED = re.compile(r"^truestep: skipped (?P<place>\S+): (?P<why>.*\n.*\n.*)$", re.MULTILINE)
AWAY = re.compile(rf"^({'|'.join(DEPENDENCIES)}) (?:is|goes) away$")
WELL = f"{FEATURES}/health.feature:7"


@dataclass(frozen=True)
class Outcome:
    """A green run: how many scenarios passed, how many were skipped, and why which of them."""

    passed: int
    skipped: int
    reasons: dict[str, str]

    @classmethod
    def of(cls, run: Run) -> Outcome:
        found = re.fullmatch(r"(\d+) scenarios? passed, 0 failed, (\d+) skipped", run.summary)
        assert run.code == 0, run.out + run.err
        assert found, run.summary
        skipped = {one["place"]: one["why"] for one in SKIPPED.finditer(run.err)}
        return cls(int(found[1]), int(found[2]), skipped)


@pytest.fixture(scope="module")
def instance() -> Iterator[Deployed]:
    """An instance of the service that is running somewhere."""
    with deployed(ROOT) as running:
        yield running


@pytest.fixture(scope="module")
def specs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Outcome]:
    """Runs all scenarios in one of the three ways; once for all tests."""
    known: dict[str, Outcome] = {}

    def of(way: str) -> Outcome:
        if way not in known:
            junit = tmp_path_factory.mktemp("junit")
            if way == BY_URL:
                settings = request.getfixturevalue("instance").environment()
                known[way] = Outcome.of(behave(junit, settings, FEATURES))
            else:
                with WAYS[way]() as settings:
                    known[way] = Outcome.of(behave(junit, settings, FEATURES))
        return known[way]

    return of


def behave(junit: Path, settings: dict[str, str], *arguments: str) -> Run:
    own = ("--format=null", "--junit-directory", str(junit))
    return Project(ROOT).behave(*own, *arguments, environment=settings)


def scenarios() -> Iterator[tuple[str, set[str]]]:
    """The place of each scenario, with the services that it takes away for a while."""
    for path in sorted((ROOT / FEATURES).glob("*.feature")):
        for scenario in parse_file(str(path)).walk_scenarios():
            away = {found[1] for step in scenario.all_steps if (found := AWAY.match(step.name))}
            yield (
                f"{FEATURES}/{path.name}:{scenario.line}",
                {DEPENDENCIES[one] for one in away},
            )


@pytest.mark.parametrize("way", EVERY_WAY)
def test_every_scenario_passes_unless_it_takes_away_what_others_run(
    specs: Callable[[str], Outcome], way: str
) -> None:
    everything = dict(scenarios())
    assert len(everything) >= 30
    outcome = specs(way)
    left_out = {place for place, away in everything.items() if away and way == BY_URL}
    assert outcome.reasons.keys() == left_out
    assert outcome.skipped == len(left_out), "none is skipped without a word"
    assert outcome.passed == len(everything) - len(left_out)


def test_by_url_each_scenario_that_is_skipped_says_why(specs: Callable[[str], Outcome]) -> None:
    away = dict(scenarios())
    reasons = specs(BY_URL).reasons
    assert {service for place in reasons for service in away[place]} == {*DEPENDENCIES.values()}
    for place, why in reasons.items():
        [service] = away[place]
        assert re.fullmatch(
            f"{service} cannot be taken away in this scenario: it was not started by this run\n"
            rf"  Looked at: {service} \(external\), its URL is in the environment's "
            rf"TRUESTEP_{service.upper()}_URL\n"
            f"  Try: let the run start it: leave out {service}.url",
            why,
        ), why


def test_by_url_nothing_is_emptied_without_permission(instance: Deployed, tmp_path: Path) -> None:
    settings = instance.environment(allow_reset=False)
    outcome = Outcome.of(behave(tmp_path, settings, WELL))
    url = re.sub(r":[^:@]+@", ":***@", instance.services["postgres"])
    assert outcome.reasons == {
        WELL: "postgres is not emptied for this scenario: "
        "its database was not made by this run\n"
        f"  Looked at: {url}\n"
        "  Try: write `allow_reset = yes` in [service.postgres] if all its tables may be emptied"
    }


def test_by_url_alone_a_scenario_that_looks_behind_the_service_is_skipped(
    instance: Deployed, tmp_path: Path
) -> None:
    settings = {"TRUESTEP_ACCOUNTS_URL": instance.url}
    outcome = Outcome.of(behave(tmp_path, settings, WELL))
    assert outcome.reasons == {
        WELL: "this scenario looks into kafka, postgres, redis of a deployed application: "
        "no URL says where it is\n"
        "  Looked at: the setting kafka.url\n"
        "  Try: give it: -D kafka.url=…"
    }


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_page_shows_what_was_counted(specs: Callable[[str], Outcome], way: str) -> None:
    outcome = specs(way)
    row = f"| {way} | {outcome.passed} | {outcome.skipped} | "
    assert row in PAGE.read_text(), "run: make accounts-table"
