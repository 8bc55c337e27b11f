"""A shard runs its part: hooks, record, timings, refusals. Split and pipelines are tested apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project import Project, Run

RUNNER = ("-r", "truestep.runner:Runner", "-f", "plain")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """The sample project `behaviours`, without a run's traces."""
    return Project.of("behaviours", tmp_path)


def ran(project: Project) -> set[str]:
    """The places that hooks were called for since the last time."""
    places = set()
    for file in (project.folder / "hooks").iterdir():
        places |= {line.partition(" | ")[0] for line in file.read_text().splitlines()}
        file.unlink()
    return places


def facts(project: Project) -> dict[str, object]:
    return dict(json.loads((project.folder / "reports" / "latest" / "run.json").read_text()))


def behave(project: Project, *options: str, environment: dict[str, str] | None = None) -> Run:
    return project.behave(*RUNNER, *options, environment=environment)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_shards_run_each_scenario_once_and_the_hooks_of_their_own_features_only(
    shop: Project, jobs: str
) -> None:
    behave(shop, "-D", "shard=off")
    everything = ran(shop)
    parts = []
    for index in (1, 2, 3):
        run = behave(shop, "-D", f"shard={index}/3", "-j", jobs)
        assert f"truestep: shard {index}/3, as the setting shard says: " in run.err
        parts.append(ran(shop))
    scenarios = [place for part in parts for place in part if not place.endswith(" / -")]
    assert sorted(scenarios) == sorted(one for one in everything if not one.endswith(" / -"))
    for part in parts:
        for feature in ("Basket", "Prices", "Layers", "Unready", "Körbe", "Last"):
            inside = [place for place in part if place.startswith(f"{feature} / ")]
            assert inside == [] or any(not place.endswith(" / -") for place in inside)


def test_a_shard_that_is_run_again_is_the_same_and_leaves_the_timings_as_they_are(
    shop: Project,
) -> None:
    behave(shop, "-D", "shard=off")
    timings = shop.folder / "reports" / "timings.json"
    before = timings.read_bytes()
    ran(shop)
    seen = []
    for _ in range(2):
        behave(
            shop, environment={"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "3"}
        )
        seen.append((ran(shop), facts(shop)["shard"]))
    assert seen[0] == seen[1]
    assert seen[0][1]["index"] == 2  # type: ignore[index]
    assert timings.read_bytes() == before
    own = json.loads((shop.folder / "reports" / "latest" / "timings.json").read_text())
    assert own["scenarios"].keys() == json.loads(before)["scenarios"].keys()


def test_what_failed_is_not_remembered(shop: Project) -> None:
    behave(shop)
    known = json.loads((shop.folder / "reports" / "timings.json").read_text())["scenarios"]
    assert "features/a_basket.feature | One thing" in known
    assert "features/a_basket.feature | A wrong price" not in known


def test_variables_that_make_no_sense_are_refused_before_anything_runs(shop: Project) -> None:
    run = behave(shop, environment={"CIRCLE_NODE_INDEX": "7", "CIRCLE_NODE_TOTAL": "3"})
    assert run.code == 1
    assert "which shard this is cannot be told: CIRCLE_NODE_INDEX is '7'" in run.out + run.err
    assert "Traceback" not in run.out + run.err
    # Only the hook at the end of the run was called.
    assert ran(shop) == {"- / - / -"}
