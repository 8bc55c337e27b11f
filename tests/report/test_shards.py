"""The shards of a run become the one run that they are; what is missing is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.report.build import START, RunBuilder, Went
from tests.report.test_junit import check
from truestep.report.combining import Combined, combine
from truestep.report.history import read_history
from truestep.report.outcome import Outcome

NAMES = "ABCDEF"
FEATURE = "Feature: F\n" + "".join(f"  Scenario: {name}\n    * x\n" for name in NAMES)


def shard(
    place: Path,
    name: str,
    *,
    index: int | None = 1,
    total: int = 3,
    plan: str = "f00d",
    fails: str = "",
    hour: int = 0,
    is_cut: bool = False,
) -> Path:
    """Runs what is in that shard; without an index, all of it."""
    builder = RunBuilder(place / name, now=START + timedelta(hours=hour))
    builder.feature("a.feature", FEATURE)
    mine = NAMES if index is None else NAMES[index - 1 :: total]
    builder.run(lambda called: Went(is_selected=called in mine, at=0 if called in fails else None))
    facts: dict[str, Any] = {}
    if index is not None:
        facts["shard"] = {"index": index, "total": total, "plan": plan}
    return builder.cut(**facts) if is_cut else builder.finish(success=not fails, **facts)


def combined(place: Path, *shards: Mapping[str, Any]) -> Combined:
    """Merges these shards; what differs from a good one is given."""
    folders = [shard(place, f"run-{number}", **one) for number, one in enumerate(shards)]
    return combine(folders, place / "merged", {})


ALL = tuple({"index": index} for index in (1, 2, 3))


@pytest.mark.parametrize(
    ("shards", "exit_code", "problems"),
    [
        (ALL, 0, ()),
        (tuple(reversed(ALL)), 0, ()),
        ((*ALL[:2], {"index": 3, "fails": "C"}), 1, ()),
        ((*ALL[:2], {"index": 3, "is_cut": True}), 1, ()),
        (ALL[:2], 1, ("shard 3 of 3 is missing",)),
        (ALL[1:2], 1, ("shards 1, 3 of 3 are missing",)),
        (({"index": 2, "fails": "B"}, *ALL, {"index": 2, "hour": 1}), 0, ()),
        (({"index": 2, "hour": 1, "fails": "B"}, *ALL), 1, ()),
        ((*ALL, {"index": None}), 1, ("run-3 is no shard, and others are",)),
        (
            (*ALL[:2], {"index": 3, "plan": "cafe"}),
            1,
            (
                (
                    "the shards do not belong together, as they were split differently: "
                    "1/3 (run-0), 2/3 (run-1) and 3/3 (run-2)"
                ),
                "shard 3 of 3 is missing",
                "shards 1, 2 of 3 are missing",
            ),
        ),
        (({"index": None},), 0, ()),
        (({"index": None, "fails": "A"}, {"index": None}), 1, ()),
    ],
    ids=[
        "all there",
        "in another order",
        "one failed",
        "one was killed",
        "one missing",
        "two missing",
        "a failed one was run again",
        "run again, and failed then",
        "one of them is whole",
        "split differently",
        "no shards",
        "no shards, one failed",
    ],
)
def test_shards_come_to_one_exit_code(
    tmp_path: Path, shards: tuple[dict[str, Any], ...], exit_code: int, problems: tuple[str, ...]
) -> None:
    done = combined(tmp_path, *shards)
    assert done.problems == problems
    assert done.exit_code == exit_code
    page = (tmp_path / "merged/index.html").read_text()
    for problem in problems:
        assert f"<pre>{problem}</pre>" in page


def test_each_scenario_is_in_the_merged_report_once_and_in_the_order_of_the_files(
    tmp_path: Path,
) -> None:
    done = combined(tmp_path, *reversed(ALL))
    assert [one.name for one in done.run.scenarios] == list(NAMES)
    assert {one.outcome for one in done.run.scenarios} == {Outcome.PASSED}
    assert not any(one.attempts for one in done.run.scenarios)
    [suite] = (tmp_path / "merged/junit").glob("*.xml")
    assert suite.read_text().count("<testcase") == len(NAMES)


def test_missing_shard_is_a_case_of_its_own_in_junit(tmp_path: Path) -> None:
    combined(tmp_path, *ALL[:2])
    suite = ET.parse(tmp_path / "merged/junit/TESTS-run.xml").getroot()  # noqa: S314  # our own
    check(suite)
    [error] = suite.iter("error")
    assert error.get("message") == "shard 3 of 3 is missing"


def test_what_a_shard_left_out_as_it_was_missing_is_not_taken_for_passed(tmp_path: Path) -> None:
    done = combined(tmp_path, *ALL[:2])
    assert {one.name: str(one.outcome) for one in done.run.scenarios} == {
        "A": "passed",
        "B": "passed",
        "C": "skipped",
        "D": "passed",
        "E": "passed",
        "F": "skipped",
    }


def test_same_run_given_twice_counts_once(tmp_path: Path) -> None:
    folder = shard(tmp_path, "run", index=None)
    (tmp_path / "latest").symlink_to("run")
    done = combine([folder, tmp_path / "latest"], tmp_path / "merged", {})
    assert [about.run_id for about in done.run.about] == ["run"]


def test_shards_are_one_run_in_the_history_of_the_merged_report(tmp_path: Path) -> None:
    combined(tmp_path, *ALL)
    folders = [shard(tmp_path / "next", f"next-{one['index']}", hour=2, **one) for one in ALL]
    combine(folders, tmp_path / "merged", {})
    runs = read_history(tmp_path / "merged/history.ndjson").runs
    assert [(run.run_id, len(run.results)) for run in runs] == [("run-0", 6), ("next-1", 6)]


def test_github_gets_the_summary_of_the_whole(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    folders = [shard(tmp_path, f"run-{one['index']}", **one) for one in ALL]
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
    combine(folders, tmp_path / "merged", environment)
    assert page.read_text("utf-8").startswith("## ✅ All 6 scenarios work as described\n")
