import dataclasses
import json

import pytest

from bench.page import page
from bench.rows import AtMost, Faster, Question, Within, answer, report, table

START = Question("start-redis", "the first PING", "s", "testcontainers", Faster(4))
TOGETHER = Question("start-all", "all three ready", "s", goal=AtMost(1.25))
RESET = Question("reset-redis", "a database of its own", "ms", "FLUSHALL")


def test_a_row_has_exactly_the_fields_of_the_report_in_their_order() -> None:
    [row] = report([answer(START, ours=0.05, peer=0.5)])
    assert row == {
        "id": "start-redis",
        "what": "the first PING",
        "unit": "s",
        "ours": 0.05,
        "peer": 0.5,
        "peer_name": "testcontainers",
        "limit": None,
        "limit_name": None,
        "goal": ">= 4x faster",
        "met": True,
    }
    assert list(row) == [
        *("id", "what", "unit", "ours", "peer", "peer_name"),
        *("limit", "limit_name", "goal", "met"),
    ]


def test_a_report_is_written_as_json_with_null_for_what_is_not_there() -> None:
    text = json.dumps(report([answer(RESET, ours=0.002)]))
    assert json.loads(text)[0]["peer"] is None
    assert '"goal": null, "met": null' in text


@pytest.mark.parametrize(("peer", "met"), [(0.4, True), (0.399, False)])
def test_faster_is_met_from_exactly_that_many_times_on(peer: float, met: bool) -> None:
    assert answer(START, ours=0.1, peer=peer).met is met


@pytest.mark.parametrize(("ours", "met"), [(2.5, True), (2.51, False)])
def test_at_most_is_met_up_to_exactly_that_ratio(ours: float, met: bool) -> None:
    assert answer(TOGETHER, ours=ours, limits={"kafka alone": 2.0}).met is met


@pytest.mark.parametrize(("ours", "met"), [(0.01, True), (0.0101, False)])
def test_within_is_met_up_to_that_time_whatever_the_peer_takes(ours: float, met: bool) -> None:
    row = answer(Question("expiry", "time", "ms", "waiting", Within(0.01)), ours=ours, peer=1.0)
    assert (row.goal, row.met) == ("<= 10 ms", met)


def test_the_goal_is_judged_before_numbers_are_rounded() -> None:
    row = answer(TOGETHER, ours=1.250049, limits={"kafka alone": 1.0})
    assert (row.ours, row.met) == (1.25, False)


def test_the_slowest_limit_counts_and_is_named() -> None:
    alone = {"redis alone": 0.05, "kafka alone": 2.0, "postgres alone": 0.3}
    row = answer(TOGETHER, ours=2.2, limits=alone)
    assert (row.limit, row.limit_name, row.met) == (2.0, "kafka alone", True)


def test_a_peer_that_was_skipped_leaves_nothing_to_judge() -> None:
    row = answer(START, ours=0.05)
    assert (row.peer, row.peer_name, row.met, row.faster) == (None, "testcontainers", None, None)


@pytest.mark.parametrize(
    ("peer", "limit", "met"),
    [
        (0.4, 0.08, True),
        (0.39, 0.08, False),
        (0.4, 0.07, False),
        (None, 0.08, None),
        (None, 0.07, False),
    ],
)
def test_a_row_with_two_goals_is_met_when_both_are(
    peer: float | None, limit: float, met: bool | None
) -> None:
    question = dataclasses.replace(START, limit_goal=AtMost(1.25))
    row = answer(question, ours=0.1, peer=peer, limits={"the bare program": limit})
    assert (row.met, row.goal) == (met, "<= 1.25 of the limit, >= 4x faster")


def test_bytes_are_shown_as_mebibytes() -> None:
    row = answer(Question("memory", "three servers", "MiB"), ours=3 * 2**20)
    assert (row.ours, row.unit) == (3.0, "MiB")


def test_milliseconds_are_made_of_seconds_with_four_digits() -> None:
    row = answer(RESET, ours=0.00123456, peer=0.0002)
    assert (row.ours, row.peer) == (1.235, 0.2)


def test_a_row_cannot_be_changed_afterwards() -> None:
    row = answer(RESET, ours=0.001)
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.ours = 0.0005  # type: ignore[misc]


def test_the_table_lines_up_and_says_what_is_met() -> None:
    rows = [
        answer(START, ours=0.05, peer=0.5),
        answer(TOGETHER, ours=3.0, limits={"kafka alone": 2.0}),
        answer(RESET, ours=0.002, peer=0.0005),
        answer(dataclasses.replace(START, id="start-kafka"), ours=1.0),
    ]
    assert table(rows).splitlines() == [
        "id           ours    peer          faster  limit  of it  goal          met",
        "start-redis  0.05 s  0.5 s         10.0x                 >= 4x faster  yes",
        "start-all    3 s                           2 s    1.50   <= 1.25       NO",
        "reset-redis  2 ms    0.5 ms        0.2x",
        "start-kafka  1 s     not measured                        >= 4x faster",
    ]


def test_the_page_shows_each_row_and_what_it_is_measured_against() -> None:
    row = answer(
        dataclasses.replace(START, limit_goal=AtMost(2)),
        ours=0.05,
        peer=0.5,
        limits={"the bare program": 0.04},
    )
    machine = {
        "cores": 2,
        "memory_gib": 8,
        "kernel": "Linux 6",
        "python": "3.11.7",
        "behave": "1.3.3",
        "testcontainers": "4.15.0",
        "load_before": 0.1,
    }
    text = page([row], machine)
    assert (
        "| start-redis | the first PING | 0.05 s | 0.5 s | 10.0x | 0.04 s | 1.25 "
        "| <= 2 of the limit, >= 4x faster | yes |\n"
    ) in text
    assert "- **start-redis**: peer: testcontainers; limit: the bare program\n" in text
    assert "Taken on: 2 cores, 8 GiB, Linux 6, Python 3.11.7;" in text
