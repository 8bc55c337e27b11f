"""The specs of this project pass on every backend, and are the same specs on each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import ROOT
from tests.project import Project, Run
from truestep.services.registry import SERVICES

Specs = Callable[[str], "Outcome"]
STACK = "features/service_stack.feature"
BACKENDS = ["embedded", pytest.param("docker", marks=pytest.mark.docker)]


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
    def skipped(self) -> list[str]:
        """The feature of each scenario that Truestep says it has skipped."""
        return re.findall(r"^truestep: skipped (\S+?):\d+: ", self.run.err, re.MULTILINE)


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Specs:
    """Runs all specs on a backend; once for all tests."""
    known: dict[str, Outcome] = {}

    def of(backend: str) -> Outcome:
        if backend not in known:
            junit = tmp_path_factory.mktemp(backend)
            arguments = ["-D", f"backend={backend}", "--junit-directory", str(junit)]
            known[backend] = Outcome(Project(ROOT).behave(*arguments), junit)
        return known[backend]

    return of


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_specs_pass(specs: Specs, backend: str) -> None:
    run, skipped = specs(backend).run, specs(backend).skipped
    assert run.code == 0, run.out + run.err
    # Scenarios about containers are skipped where these are not to be had without a pull.
    assert not skipped or (backend == "embedded" and {*skipped} == {STACK})
    found = re.fullmatch(r"(\d+) scenarios passed, 0 failed, (\d+) skipped", run.summary)
    assert found, run.summary
    assert int(found[1]) >= 60
    assert int(found[2]) == len(skipped)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_service_ran_on_that_backend(specs: Specs, backend: str) -> None:
    ready = re.findall(r"^  (\w+) +[\d.]+ +[\d.]+ s +(\w+) ", specs(backend).run.err, re.MULTILINE)
    # An application under test is in the header too; it is always a process or a URL.
    assert {row for row in ready if row[0] in SERVICES} == {(name, backend) for name in SERVICES}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_feature_has_its_junit_file(specs: Specs, backend: str) -> None:
    features = [path.relative_to(ROOT) for path in ROOT.glob("features/**/*.feature")]
    expected = {f"TESTS-{'.'.join(path.with_suffix('').parts)}.xml" for path in features}
    assert {path.name for path in specs(backend).junit.iterdir()} == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_run_prints_no_warning_and_no_traceback(specs: Specs, backend: str) -> None:
    run = specs(backend).run
    assert re.findall(r".*(?:Warning\b|Traceback).*", run.out + run.err) == []


@pytest.mark.docker
def test_same_specs_pass_on_both(specs: Specs) -> None:
    assert specs("embedded").counts == specs("docker").counts
    assert set(specs("docker").counts) == {"features", "rules", "scenarios", "steps"}
