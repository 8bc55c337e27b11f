"""History says how each scenario went in the runs that are kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.report.build import START, RunBuilder, Went
from truestep.report.history import KEPT_RUNS, History, read_history, remember
from truestep.report.outcome import Outcome
from truestep.report.reading import read_run

TWO = "Feature: F\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n"


def run(folder: Path, number: int, how: Callable[[str], Went] = lambda _: Went()) -> History:
    """Runs once more, and returns the history."""
    builder = RunBuilder(folder / f"run-{number:02}", now=START + timedelta(hours=number))
    builder.feature("a.feature", TWO)
    builder.run(how)
    return remember(read_run(builder.finish()), folder / "history.ndjson")


def test_each_run_adds_a_line(tmp_path: Path) -> None:
    run(tmp_path, 1)
    history = run(tmp_path, 2, lambda name: Went(at=0) if name == "T" else Went())
    assert history == read_history(tmp_path / "history.ndjson")
    assert [past.run_id for past in history.runs] == ["run-01", "run-02"]
    last = history.runs[-1]
    assert last.results == {"a.feature: S": Outcome.PASSED, "a.feature: T": Outcome.FAILED}
    assert last.started == START + timedelta(hours=2)
    assert last.took_s == 1.0


def test_oldest_runs_are_forgotten(tmp_path: Path) -> None:
    for number in range(KEPT_RUNS + 2):
        history = run(tmp_path, number)
    assert len(history.runs) == KEPT_RUNS
    assert history.runs[0].run_id == "run-02"


def test_run_that_is_told_twice_is_kept_once(tmp_path: Path) -> None:
    run(tmp_path, 1)
    again = read_run(tmp_path / "run-01")
    assert len(remember(again, tmp_path / "history.ndjson").runs) == 1


@pytest.mark.parametrize(
    ("results", "changes", "is_unsteady"),
    [("pppp", 0, False), ("ppff", 1, False), ("ppfp", 2, True), ("fpfp", 3, True), ("p", 0, False)],
)
def test_scenario_whose_result_comes_and_goes_is_unsteady(
    tmp_path: Path, results: str, changes: int, is_unsteady: bool
) -> None:
    for number, result in enumerate(results):
        how = Went(at=0) if result == "f" else Went()
        history = run(tmp_path, number, lambda _, how=how: how)  # type: ignore[misc]
    story = history.stories()["a.feature: S"]
    assert (story.changes, story.is_unsteady) == (changes, is_unsteady)


def test_runs_that_left_a_scenario_out_are_not_in_its_story(tmp_path: Path) -> None:
    run(tmp_path, 1, lambda name: Went(is_selected=name == "S"))
    run(tmp_path, 2, lambda name: Went(is_reached=name == "S"))
    history = run(tmp_path, 3)
    stories = history.stories()
    assert stories["a.feature: S"].outcomes == (Outcome.PASSED,) * 3
    assert stories["a.feature: T"].outcomes == (Outcome.PASSED,)


def test_line_that_somebody_has_broken_is_passed_over(tmp_path: Path) -> None:
    run(tmp_path, 1)
    path = tmp_path / "history.ndjson"
    path.write_text("{}\nnonsense\n[]\n" + path.read_text() + '{"run_id"')
    assert [past.run_id for past in run(tmp_path, 2).runs] == ["run-01", "run-02"]


def test_runs_that_end_at_the_same_moment_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda number: run(tmp_path, number), range(8)))
    assert len(read_history(tmp_path / "history.ndjson").runs) == 8


def test_history_is_for_its_user_alone(tmp_path: Path) -> None:
    run(tmp_path, 1)
    assert (tmp_path / "history.ndjson").stat().st_mode & 0o777 == 0o600
