"""What the CI workflow runs works: its commands are run here, in a fresh clone, as written."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.clone import ROOT, Clone
from tests.docs.conftest import Fresh

WORKFLOW: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github/workflows/acceptance.yml")
[JOB] = WORKFLOW["jobs"].values()
MATRIX: dict[str, list[str]] = JOB["strategy"]["matrix"]
COMMANDS = [step for step in JOB["steps"] if "run" in step]
FEATURES = ("user_persistence.feature", "cache_expiry.feature", "event_flow.feature")


def filled(text: str, values: dict[str, str]) -> str:
    """The text with `${{ matrix.… }}` replaced; nothing else may need GitHub."""
    text = re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: values[found[1]], text)
    assert "${{" not in text, text
    return text


def test_pushes_and_pull_requests_run_every_backend_on_every_python() -> None:
    assert set(WORKFLOW["on"]) == {"push", "pull_request"}
    assert JOB["runs-on"] == "ubuntu-latest"
    assert MATRIX == {
        "backend": ["embedded", "docker"],
        "python": ["3.11", "3.12", "3.13", "3.14"],
    }
    assert JOB["strategy"]["fail-fast"] is False


def test_pythons_are_those_that_the_readme_and_the_package_promise() -> None:
    oldest, newest = MATRIX["python"][0], MATRIX["python"][-1]
    assert f"Python {oldest} to {newest}" in (ROOT / "README.md").read_text().replace("\n", " ")
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert package["requires-python"] == f">={oldest}"


def test_reports_are_kept_of_red_runs_too() -> None:
    names = [step.get("name") for step in JOB["steps"]]
    after = JOB["steps"][names.index("Run the specs") + 1 :]
    assert [step["name"] for step in after] == ["Keep the reports"]
    assert {step["if"] for step in after} == {"${{ !cancelled() }}"}


@pytest.fixture
def clone(fresh: Fresh, tmp_path: Path) -> Iterator[Clone]:
    """The fresh clone with a feature of each service; others run all there are in each way."""
    features, everything = fresh.clone.folder / "features", tmp_path / "features"
    shutil.move(features, everything)
    features.mkdir()
    for name in FEATURES:
        shutil.copy(everything / name, features)
    yield fresh.clone
    shutil.rmtree(features)
    shutil.move(everything, features)


@pytest.mark.parametrize("backend", ["embedded", pytest.param("docker", marks=pytest.mark.docker)])
def test_commands_of_the_job_work(clone: Clone, tmp_path: Path, backend: str) -> None:
    assert backend in MATRIX["backend"]
    page = tmp_path / "summary.md"
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(page),
        # setup-python puts the interpreter of the job first.
        "PATH": f"{clone.folder}/.venv/bin{os.pathsep}{os.environ['PATH']}",
        "CI": "true",
    }
    clone.run("rm -rf reports")
    for step in COMMANDS:
        done = clone.run(filled(step["run"], {"backend": backend, "python": "3.11"}), environment)
        assert done.code == 0, f"{step['name']}:\n{done.text}"
    assert re.match(r"## ✅ All \d+ scenarios work as described\n", page.read_text())
    [upload] = [step for step in JOB["steps"] if "upload-artifact" in step.get("uses", "")]
    reports = clone.folder / upload["with"]["path"]
    assert list(reports.glob("junit/*.xml"))
    assert (reports / "latest/index.html").is_file()
