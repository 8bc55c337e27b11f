"""The pipelines of docs/ci work: their command lines are run as written, shard after shard."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from tests.clone import ROOT
from tests.docs.page import Page
from truestep.runner.shards import SOURCES

CI = ROOT / "docs" / "ci"
INSTALL = "python -m pip install -r requirements.txt"
STEPS = """\
from behave import given

@given("{number} books")
def books(context, number):
    pass
"""
SCENARIO = """
  Scenario: Shelf {number}
    Given {number} books
"""
SHELVES = {f"Shelf {number}" for number in range(24)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of 24 scenarios, as it is checked out; one of its three features stays whole."""
    folder = tmp_path / "project"
    (folder / "features" / "steps").mkdir(parents=True)
    (folder / "behave.ini").write_text("[behave]\nrunner = truestep.runner:Runner\n")
    (folder / "features" / "steps" / "steps.py").write_text(STEPS)
    for feature in range(3):
        scenarios = [SCENARIO.format(number=feature * 8 + number) for number in range(8)]
        text = ("@whole\n" if feature == 2 else "") + f"Feature: Room {feature}\n"
        (folder / "features" / f"room_{feature}.feature").write_text(text + "".join(scenarios))
    return folder


def test_github_runs_each_scenario_in_one_shard_and_makes_one_report(
    project: Path, tmp_path: Path
) -> None:
    [workflow] = read("github.yml")
    before, specs, report = (workflow["jobs"][name] for name in ("timings", "specs", "report"))
    shards = specs["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    artifacts = tmp_path / "artifacts"

    first = checked_out(project, tmp_path / "first")
    run_all(first, commands(before))
    artifact = keep(first / uploads(before)["path"], artifacts / "timings")
    for shard in shards:
        folder = checked_out(project, tmp_path / f"shard-{shard}")
        [download] = of_action(specs, "download-artifact")
        keep(artifact, folder / download["path"])
        values = {"matrix.shard": str(shard), "strategy.job-total": str(len(shards))}
        environment = {name: filled(text, values) for name, text in specs["env"].items()}
        run_all(folder, commands(specs), environment)
        upload = uploads(specs)
        keep(folder / upload["path"], artifacts / filled(upload["name"], values))
    assert_each_ran_in_one([artifacts / f"shard-{shard}" for shard in shards])
    last = checked_out(project, tmp_path / "last")
    [download] = of_action(report, "download-artifact")
    for shard in sorted(artifacts.glob(download["pattern"])):
        keep(shard, last / download["path"] / shard.name)
    run_all(last, commands(report))
    assert_is_one_report(last / uploads(report)["path"])
    [save] = of_action(report, "cache/save")
    [restore] = of_action(before, "cache/restore")
    assert save["path"] == restore["path"]
    assert save["key"].startswith(restore["restore-keys"])
    assert (last / save["path"]).is_file()


def test_gitlab_runs_each_scenario_in_one_shard_and_makes_one_report(
    project: Path, tmp_path: Path
) -> None:
    [pipeline] = read("gitlab.yml")
    before, specs, report = (pipeline[name] for name in pipeline["stages"])
    total = specs["parallel"]
    artifacts = tmp_path / "artifacts"

    first = checked_out(project, tmp_path / "first")
    run_all(first, before["script"])
    keep_paths(before, first, artifacts)
    for index in range(1, total + 1):
        folder = checked_out(project, tmp_path / f"shard-{index}")
        keep_paths(before, artifacts, folder)
        told = {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(total)}
        own = {name: Template(text).substitute(told) for name, text in specs["variables"].items()}
        run_all(folder, specs["script"], told | own | {"CI_JOB_NAME": f"specs {index}/{total}"})
        keep_paths(specs, folder, artifacts)
    assert_each_ran_in_one(list((artifacts / "shards").iterdir()))
    last = checked_out(project, tmp_path / "last")
    keep_paths(specs, artifacts, last)
    run_all(last, report["script"])
    [merged] = report["artifacts"]["paths"]
    assert_is_one_report(last / merged)
    assert list(last.glob(report["artifacts"]["reports"]["junit"]))
    assert report["cache"].items() >= {"key": before["cache"]["key"], "policy": "push"}.items()
    assert report["cache"]["paths"] == before["cache"]["paths"]
    assert (last / report["cache"]["paths"][0]).is_file()


def test_kubernetes_runs_each_scenario_in_one_shard_and_makes_one_report(
    project: Path, tmp_path: Path
) -> None:
    claim, specs, report = read("kubernetes.yaml")
    total = specs["spec"]["completions"]
    [container], [reporter] = (
        job["spec"]["template"]["spec"]["containers"] for job in (specs, report)
    )
    for job in (specs, report):
        [volume] = job["spec"]["template"]["spec"]["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    [mount] = container["volumeMounts"]
    assert reporter["volumeMounts"] == [mount]
    shared = str(tmp_path / "volume")

    def mounted(text: str) -> str:
        return text.replace(f"{mount['mountPath']}/", f"{shared}/")

    assert {"name": "JOB_COMPLETIONS", "value": str(total)} in container["env"]
    for index in range(total):
        # Kubernetes sets the first by itself; a value may mention those above it.
        environment = {"JOB_COMPLETION_INDEX": str(index)}
        for one in container["env"]:
            value = str(one["value"]) if "value" in one else str(index)
            for name, known in environment.items():
                value = value.replace(f"$({name})", known)
            environment[one["name"]] = mounted(value)
        run(project, container["command"], environment)
    assert_each_ran_in_one(list(Path(shared, "shards").iterdir()))
    run(project, [mounted(word) for word in reporter["command"]])
    [timings] = (one["value"] for one in container["env"] if one["name"] == "TRUESTEP_TIMINGS")
    assert_is_one_report(Path(mounted(timings)).parent)


def test_kubernetes_tries_a_lost_pod_again_and_not_one_whose_scenarios_failed() -> None:
    _, specs, _ = read("kubernetes.yaml")
    assert specs["spec"]["backoffLimitPerIndex"] == 1
    [rule] = specs["spec"]["podFailurePolicy"]["rules"]
    codes = {"containerName": "specs", "operator": "In", "values": [1]}
    assert rule == {"action": "FailIndex", "onExitCodes": codes}


def test_the_page_names_the_variables_that_shards_are_found_in() -> None:
    rows = Page.at(ROOT / "docs" / "parallel.md").table("Shards")
    told = [tuple(re.findall(r"`([A-Z_]+)`", where)) for *_, where in rows]
    assert told == [(source.index, source.total) for source in SOURCES]


def read(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(CI / name))


def checked_out(project: Path, folder: Path) -> Path:
    shutil.copytree(project, folder)
    return folder


def commands(job: Mapping[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def of_action(job: Mapping[str, Any], action: str) -> list[dict[str, Any]]:
    """What the steps of a job that use an action give it."""
    uses = (step for step in job["steps"] if f"actions/{action}@" in step.get("uses", ""))
    return [step["with"] for step in uses]


def uploads(job: Mapping[str, Any]) -> dict[str, Any]:
    [upload] = of_action(job, "upload-artifact")
    return upload


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with `${{ … }}` replaced; nothing else may need GitHub."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: values[found[1]], text)


def keep(what: Path, where: Path) -> Path:
    """Copies a file, or what is in a folder, as artifacts are kept: links become what they show."""
    where.mkdir(parents=True, exist_ok=True)
    if what.is_file():
        shutil.copy(what, where)
        return where / what.name
    shutil.copytree(what, where, dirs_exist_ok=True)
    return where


def keep_paths(job: Mapping[str, Any], source: Path, target: Path) -> None:
    for path in job["artifacts"]["paths"]:
        inside = source / path
        keep(inside, target / path if inside.is_dir() else (target / path).parent)


def run_all(
    folder: Path, lines: list[str], environment: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Runs a job's lines; what it installs is here already, and tried with .github/workflows."""
    for line in lines:
        if line != INSTALL:
            run(folder, ["bash", "-e", "-c", line], environment)


def run(
    folder: Path, command: list[str], environment: Mapping[str, str] = MappingProxyType({})
) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRUESTEP_")}
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    done = subprocess.run(
        [shutil.which(command[0], path=own["PATH"]) or command[0], *command[1:]],
        cwd=folder,
        env=own | dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"


def assert_each_ran_in_one(shards: list[Path]) -> None:
    assert len(shards) == 4
    parts = [ran(shard / "junit") for shard in shards]
    assert sorted(name for part in parts for name in part) == sorted(SHELVES)
    # What nobody knows is taken to be as long as the rest; the whole feature is a third of all.
    assert sorted(map(len, parts)) == [5, 5, 6, 8]


def assert_is_one_report(folder: Path) -> None:
    assert (folder / "index.html").is_file()
    assert sorted(ran(folder / "junit")) == sorted(SHELVES)
    seen = json.loads((folder / "timings.json").read_text())["scenarios"]
    assert {key.rpartition(" | ")[2] for key in seen} == SHELVES


def ran(junit: Path) -> list[str]:
    """The names of what was not left out."""
    # Written by the run, not by a stranger.
    found = (ET.parse(path).getroot().iter("testcase") for path in junit.glob("*.xml"))  # noqa: S314
    return [str(one.get("name")) for cases in found for one in cases if one.find("skipped") is None]
