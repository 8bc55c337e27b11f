"""Shards: which one this is, and which scenarios are its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from truestep.errors import SettingsError
from truestep.runner.shards import Shard, find_shard, plan_of, split
from truestep.runner.timings import Timings

KEYS = [f"features/{number % 17}.feature | Scenario {number}" for number in range(200)]
GITLAB = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "5", "CI_JOB_NAME": "specs 2/5"}
AZURE = {"SYSTEM_JOBPOSITIONINPHASE": "2", "SYSTEM_TOTALJOBSINPHASE": "5"}
NOTHING: Mapping[str, set[str]] = {}


def history(seed: int = 1) -> Timings:
    rng = random.Random(seed)  # noqa: S311  # a load that is made up
    timings = Timings()
    timings.remember({key: 0.1 * rng.paretovariate(1.5) for key in KEYS})
    return timings


@pytest.mark.parametrize("total", range(1, 17))
def test_each_scenario_is_in_one_shard_whatever_order_they_come_in(total: int) -> None:
    timings = history()
    shards = split(KEYS, NOTHING, timings, total)
    assert len(shards) == total
    assert sorted(key for shard in shards for key in shard) == sorted(KEYS)
    mixed = random.Random(total).sample(KEYS, len(KEYS))  # noqa: S311  # any other order
    assert split(mixed, NOTHING, timings, total) == shards


def test_with_a_history_the_shards_take_about_as_long() -> None:
    for seed in range(20):
        timings = history(seed)
        loads = [
            sum(map(timings.expected_or_typical, shard))
            for shard in split(KEYS, NOTHING, timings, 5)
        ]
        longest = max(map(timings.expected_or_typical, KEYS))
        assert max(loads) <= max(1.02 * sum(loads) / 5, longest)


def test_without_a_history_the_shards_have_as_many_scenarios() -> None:
    assert [len(shard) for shard in split(KEYS, NOTHING, Timings(), 5)] == [40] * 5


def test_of_more_shards_than_scenarios_some_are_empty() -> None:
    shards = split(KEYS[:2], NOTHING, Timings(), 4)
    assert sorted(map(len, shards)) == [0, 0, 1, 1]


def test_a_group_stays_in_one_shard_and_so_do_groups_that_meet() -> None:
    groups = {key: {key.split(" ")[0]} for key in KEYS if key.startswith("features/3.")}
    groups |= {KEYS[0]: {"serial.mail"}, KEYS[1]: {"serial.mail", "serial.disk"}}
    groups |= {KEYS[2]: {"serial.disk"}}
    shards = split(KEYS, groups, history(), 16)
    assert len({i for i, shard in enumerate(shards) for key in KEYS[:3] if key in shard}) == 1
    whole = [key for key in KEYS if key.startswith("features/3.")]
    assert len({i for i, shard in enumerate(shards) for key in whole if key in shard}) == 1
    assert sum(map(len, shards)) == len(KEYS)


def test_plans_differ_when_a_scenario_would_be_in_another_shard() -> None:
    plan = plan_of(KEYS, history(), 5)
    assert plan == plan_of(KEYS[::-1], history(), 5)
    int(plan, 16)
    others = [
        plan_of(KEYS[1:], history(), 5),
        plan_of(KEYS, history(2), 5),
        plan_of(KEYS, history(), 4),
        plan_of(KEYS, history(), 5, {key: {"all"} for key in KEYS}),
    ]
    assert plan not in others


@pytest.mark.parametrize(
    "environment",
    [
        GITLAB,
        {"CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "5"},
        {"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "5"},
        AZURE | {"SYSTEM_PARALLELEXECUTIONTYPE": "MultiMachine"},
        {"SEMAPHORE_JOB_INDEX": "2", "SEMAPHORE_JOB_COUNT": "5"},
        {"JOB_COMPLETION_INDEX": "1", "JOB_COMPLETIONS": "5"},
        {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "5"},
        {"CLOUD_RUN_TASK_INDEX": "1", "CLOUD_RUN_TASK_COUNT": "5"},
        {"TEST_SHARD_INDEX": "1", "TEST_TOTAL_SHARDS": "5"},
    ],
)
def test_the_shard_is_found_where_the_system_tells_it(environment: dict[str, str]) -> None:
    shard = find_shard("auto", environment)
    assert shard == Shard(2, 5)
    assert shard.found == f"the environment's {next(iter(environment))}"
    assert find_shard("off", environment) is None
    assert find_shard("3/4", environment) == Shard(3, 4)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"JOB_COMPLETION_INDEX": "1"},
        {"CI_NODE_TOTAL": "1"},
        {"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "1"},
        # Jobs of a matrix are not shards: each of them runs all.
        GITLAB | {"CI_JOB_NAME": "specs: [postgres 16, 2]"},
        AZURE | {"SYSTEM_PARALLELEXECUTIONTYPE": "MultiConfiguration"},
        # Nor are steps that Bitbucket runs side by side.
        {"BITBUCKET_PARALLEL_STEP": "1", "BITBUCKET_PARALLEL_STEP_COUNT": "5"},
    ],
)
def test_where_no_shard_is_meant_all_scenarios_run(environment: dict[str, str]) -> None:
    assert find_shard("auto", environment) is None


@pytest.mark.parametrize(
    ("index", "total", "first", "last"), [("x", "5", 0, "N - 1"), ("5", "5", 0, "N - 1")]
)
def test_variables_that_make_no_sense_are_refused(
    index: str, total: str, first: int, last: str
) -> None:
    with pytest.raises(SettingsError) as error:
        find_shard("auto", {"CIRCLE_NODE_INDEX": index, "CIRCLE_NODE_TOTAL": total})
    assert str(error.value) == (
        f"which shard this is cannot be told: CIRCLE_NODE_INDEX is {index!r} and "
        f"CIRCLE_NODE_TOTAL is {total!r}, and the first of N shards is {first}, the last {last}\n"
        "  Looked at: the environment\n"
        "  Try: mend them; or give -D shard=2/5, or -D shard=off for all scenarios"
    )


def test_bazel_is_told_that_its_shards_are_obeyed(tmp_path: Path) -> None:
    environment = {"TEST_SHARD_INDEX": "0", "TEST_TOTAL_SHARDS": "2"}
    status = tmp_path / "status"
    find_shard("auto", environment | {"TEST_SHARD_STATUS_FILE": str(status)})
    assert status.exists()
    unwritable = tmp_path / "none" / "status"
    with pytest.raises(SettingsError) as error:
        find_shard("auto", environment | {"TEST_SHARD_STATUS_FILE": str(unwritable)})
    assert str(error.value) == (
        "Bazel cannot be told that its shards are obeyed: No such file or directory\n"
        f"  Looked at: {unwritable}, by the environment's TEST_SHARD_STATUS_FILE\n"
        "  Try: give permission there"
    )
