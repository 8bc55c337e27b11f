"""The specs of this project pass on every backend, and are the same specs on each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import ROOT
from tests.project import Project, Run
from truestep.services.containers import engine_problem
from truestep.services.registry import SERVICES

Specs = Callable[[str], "Outcome"]
BACKENDS = ["embedded", pytest.param("docker", marks=pytest.mark.docker)]


@dataclass(frozen=True)
class Outcome:
    """A run of all specs, and the folder of its JUnit files."""

    run: Run
    junit: Path

    @property
    def counts(self) -> list[str]:
        """behave's lines that count features, rules, scenarios and steps."""
        return re.findall(r"^\d+ \w+ passed, .*$", self.run.out, re.MULTILINE)


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
    run = specs(backend).run
    assert run.code == 0, run.out + run.err
    # A scenario that is about containers is skipped where there are none.
    skipped = r"\d+" if engine_problem() else "0"
    found = re.fullmatch(rf"(\d+) scenarios passed, 0 failed, {skipped} skipped", run.summary)
    assert found, run.summary
    assert int(found[1]) >= 60


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_service_ran_on_that_backend(specs: Specs, backend: str) -> None:
    ready = re.findall(r"^  (\w+) +[\d.]+ +[\d.]+ s +(\w+) ", specs(backend).run.err, re.MULTILINE)
    # An application under test is in the header too; it is always a process or a URL.
    assert {row for row in ready if row[0] in SERVICES} == {(name, backend) for name in SERVICES}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_feature_has_its_junit_file(specs: Specs, backend: str) -> None:
    features = [path.relative_to(ROOT / "features") for path in ROOT.glob("features/**/*.feature")]
    expected = {f"TESTS-{'.'.join(path.with_suffix('').parts)}.xml" for path in features}
    assert {path.name for path in specs(backend).junit.iterdir()} == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_run_prints_no_warning_and_no_traceback(specs: Specs, backend: str) -> None:
    run = specs(backend).run
    assert re.findall(r".*(?:Warning\b|Traceback).*", run.out + run.err) == []


@pytest.mark.docker
def test_same_specs_pass_on_both(specs: Specs) -> None:
    assert specs("embedded").counts == specs("docker").counts
