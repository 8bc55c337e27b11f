"""The specs of this project pass on every backend, by one worker or several: the same specs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from tests.clone import ROOT
from tests.project import Project, Run
from truestep.services.registry import SERVICES

Specs = Callable[["Way"], "Outcome"]
STACK = "features/service_stack.feature"


class Way(NamedTuple):
    """Where the servers run, and how many scenarios run at a time."""

    backend: str
    jobs: int


EMBEDDED, DOCKER = Way("embedded", 1), Way("docker", 1)
PARALLEL = [Way("embedded", 4), pytest.param(Way("docker", 2), marks=pytest.mark.docker)]
WAYS = [EMBEDDED, pytest.param(DOCKER, marks=pytest.mark.docker), *PARALLEL]


@dataclass(frozen=True)
class Outcome:
    """A run of all specs, and the folder of its JUnit files."""

    run: Run
    junit: Path

    @property
    def counts(self) -> dict[str, int]:
        """How many features, rules, scenarios and steps there were, passed or skipped."""
        line = r"^(\d+) (\w+) passed, 0 failed, (\d+) skipped$"
        found = re.findall(line, self.run.out, re.MULTILINE)
        return {kind: int(passed) + int(skipped) for passed, kind, skipped in found}

    @property
    def cases(self) -> list[tuple[str, str | None, str | None, list[str]]]:
        """All that is in the JUnit files but for times: file, class, name, and how it ended."""
        return [
            (path.name, case.get("classname"), case.get("name"), [one.tag for one in case])
            for path in sorted(self.junit.iterdir())
            for case in ET.parse(path).getroot().iter("testcase")  # noqa: S314  # written by us
        ]

    @property
    def skipped(self) -> list[str]:
        """The feature of each scenario that Truestep says it has skipped."""
        return re.findall(r"^truestep: skipped (\S+?):\d+: ", self.run.err, re.MULTILINE)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Specs:
    """Runs all specs in a way; once for all tests."""
    known: dict[Way, Outcome] = {}

    def of(way: Way) -> Outcome:
        if way not in known:
            junit = tmp_path_factory.mktemp(way.backend)
            arguments = ["-D", f"backend={way.backend}", "-j", str(way.jobs)]
            arguments += ["--junit-directory", str(junit)]
            known[way] = Outcome(Project(ROOT).behave(*arguments), junit)
        return known[way]

    return of


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_all_specs_pass(specs: Specs, way: Way) -> None:
    run, skipped = specs(way).run, specs(way).skipped
    assert run.code == 0, run.out + run.err
    # Scenarios about containers are skipped where these are not to be had without a pull.
    assert not skipped or (way.backend == "embedded" and {*skipped} == {STACK})
    found = re.fullmatch(r"(\d+) scenarios passed, 0 failed, (\d+) skipped", run.summary)
    assert found, run.summary
    assert int(found[1]) >= 60
    assert int(found[2]) == len(skipped)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_service_ran_on_that_backend(specs: Specs, way: Way) -> None:
    ready = re.findall(r"^  (\w+) +[\d.]+ +[\d.]+ s +(\w+) ", specs(way).run.err, re.MULTILINE)
    # An application under test is in the header too; it is always a process or a URL.
    assert {row for row in ready if row[0] in SERVICES} == {
        (name, way.backend) for name in SERVICES
    }


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_feature_has_its_junit_file(specs: Specs, way: Way) -> None:
    features = [path.relative_to(ROOT) for path in ROOT.glob("features/**/*.feature")]
    expected = {f"TESTS-{'.'.join(path.with_suffix('').parts)}.xml" for path in features}
    assert {path.name for path in specs(way).junit.iterdir()} == expected


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_run_prints_no_warning_and_no_traceback(specs: Specs, way: Way) -> None:
    run = specs(way).run
    assert re.findall(r".*(?:Warning\b|Traceback).*", run.out + run.err) == []


@pytest.mark.docker
def test_same_specs_pass_on_both(specs: Specs) -> None:
    assert specs(EMBEDDED).counts == specs(DOCKER).counts
    assert set(specs(DOCKER).counts) == {"features", "rules", "scenarios", "steps"}


@pytest.mark.parametrize("way", PARALLEL, ids=str)
def test_junit_files_of_several_workers_are_those_of_one(specs: Specs, way: Way) -> None:
    serial, parallel = specs(Way(way.backend, 1)), specs(way)
    assert parallel.counts == serial.counts
    assert parallel.cases == serial.cases
