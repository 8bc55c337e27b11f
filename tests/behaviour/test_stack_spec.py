"""The spec of the whole stack waits for no pull, unless docker was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clone import ROOT
from tests.project import Project, Run

FEATURE = "features/service_stack.feature"
FIRST = f"{FEATURE}:11"
NOWHERE = "no-such-image:of-nobody"
INSIST = "to insist on it: -D accounts.backend=docker"


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    """The stack's compose file, whose cache is of an image that is nowhere."""
    text = (ROOT / "examples/accounts/docker-compose.test.yml").read_text()
    text = text.replace("build: .", f"build: {ROOT}/examples/accounts")
    file = tmp_path / "compose.yml"
    file.write_text(text.replace("redis:7-alpine", NOWHERE))
    return file


def behave(tmp_path: Path, *arguments: str, **environment: str) -> Run:
    reports = ("--junit-directory", str(tmp_path / "junit"), "--format=plain")
    return Project(ROOT).behave(*reports, *arguments, environment=environment)


def assert_skipped(run: Run, reason: str) -> None:
    assert run.code == 0, run.out + run.err
    assert run.summary == "0 scenarios passed, 0 failed, 7 skipped"
    said = re.findall(rf"^truestep: skipped {FEATURE}:\d+: (.*)$", run.err, re.MULTILINE)
    assert said == [f"{reason}; {INSIST}"] * 7


def test_without_an_engine_it_is_skipped(tmp_path: Path) -> None:
    run = behave(tmp_path, FEATURE, DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert_skipped(run, "no Docker engine is installed or running")


@pytest.mark.docker
def test_without_one_of_its_images_it_is_skipped(compose: Path, tmp_path: Path) -> None:
    run = behave(tmp_path, "-D", f"accounts.compose={compose}", FEATURE)
    assert_skipped(run, f"the image {NOWHERE} is not here yet")


@pytest.mark.docker
def test_without_an_image_that_one_is_built_from_it_is_skipped(
    compose: Path, tmp_path: Path
) -> None:
    compose.write_text(compose.read_text().replace(NOWHERE, "redis:7-alpine"))
    compose.write_text(compose.read_text().replace(f"{ROOT}/examples/accounts", "."))
    stages = f"from --platform=linux/amd64 {NOWHERE} as base\nFROM base\nFROM scratch\n"
    (tmp_path / "Dockerfile").write_text(f"ARG OWN=base\nFROM ${{OWN}} AS own\n{stages}")
    run = behave(tmp_path, "-D", f"accounts.compose={compose}", FEATURE)
    assert_skipped(run, f"the image {NOWHERE} is not here yet")


@pytest.mark.docker
@pytest.mark.parametrize("asked", ["accounts.backend=docker", "backend=docker"])
def test_who_asks_for_docker_gets_the_image_or_an_error(
    compose: Path, tmp_path: Path, asked: str
) -> None:
    run = behave(tmp_path, "-D", f"accounts.compose={compose}", "-D", asked, FIRST)
    assert run.code == 1
    assert (
        f"BackendUnavailableError: the image {NOWHERE} of cache in the stack of accounts could not "
        "be pulled: "
    ) in run.out
    assert "truestep: skipped" not in run.err
