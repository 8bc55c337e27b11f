"""Ctrl-C, SIGTERM and SIGHUP end a run tidily, wherever it is: what began is ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.behaviour.test_truth import FIRST, SECOND, by_name, raising
from tests.behaviour.truth import Told
from tests.project import Project

ENDING = [
    "cleanup of scenario",
    "after_feature",
    "after_tag first",
    "cleanup of feature",
    "after_all",
    "cleanup of run",
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.of("troubles", tmp_path)
    shutil.rmtree(project.folder / "features")
    project.write("features/a/first.feature", FIRST.format(step="When a book is borrowed"))
    project.write("features/b/second.feature", SECOND)
    return project


def hooks_after(told: Told, last: str) -> list[str]:
    """The hooks and cleanups that ran after the last one of that name, without their objects."""
    lines = (told.folder / "hooks.txt").read_text().splitlines()
    index = max(number for number, line in enumerate(lines) if line == last)
    names = [line for line in lines[index + 1 :] if not line.endswith("_tag here")]
    return [line.removesuffix(" First").removesuffix(" Here") for line in names]


def test_signal_in_a_step_lets_all_hooks_and_cleanups_run(project: Project) -> None:
    step = "When the run is ended by SIGTERM"
    project.write("features/a/first.feature", FIRST.format(step=step))
    told = Told.by(project)
    assert hooks_after(told, "before_step the run is ended by SIGTERM") == [
        "after_step the run is ended by SIGTERM",
        "after_scenario",
        *ENDING,
    ]
    assert told.facts["ended_by"] == "SIGTERM"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_before_a_scenario_makes_it_an_error(project: Project, name: str) -> None:
    told = Told.by(project, *raising("before_scenario", "Here", name))
    assert told.run.code == 1
    assert told.outcomes == by_name("passed error not_run not_run")
    assert hooks_after(told, "before_scenario Here") == ["after_scenario", *ENDING]


@pytest.mark.parametrize("hook", ["after_scenario", "cleanup of scenario"])
def test_signal_while_a_scenario_is_cleaned_up_waits_until_that_is_done(
    project: Project, hook: str
) -> None:
    told = Told.by(project, *raising(hook, "Here", "SIGTERM"))
    assert told.run.code == 1
    # It has passed, and nothing of it was left out; the others do not begin.
    assert told.outcomes == by_name("passed passed not_run not_run")
    done = hooks_after(told, "after_scenario Here")
    assert done == ENDING
    assert [Path(place).name for place in told.rerun] == ["first.feature:13", "second.feature:2"]


def test_second_signal_interrupts_a_cleanup_and_no_other(project: Project) -> None:
    told = Told.by(project, *raising("cleanup of scenario", "Here", "SIGTERM,SIGTERM"))
    assert told.run.code == 1
    assert told.outcomes["Here"] == "error"
    assert "this code was ended before it was done: KeyboardInterrupt(SIGTERM)" in told.run.out
    assert hooks_after(told, "after_scenario Here") == ENDING


def test_signal_between_features_lets_no_other_begin(project: Project) -> None:
    told = Told.by(project, *raising("after_feature", "First", "SIGHUP"))
    assert told.run.code == 1
    assert told.outcomes["After"] == "not run"
    assert hooks_after(told, "after_feature First") == ENDING[2:]
    assert "before_feature Second" not in (told.folder / "hooks.txt").read_text()


def test_signal_in_before_all_ends_the_run_with_its_cleanups(project: Project) -> None:
    told = Told.by(project, *raising("before_all", kind="SIGTERM"))
    assert told.run.code == 1
    assert set(told.outcomes.values()) == {"not run"}
    assert told.around == ["before_all"]
    assert hooks_after(told, "before_all") == ["after_all", "cleanup of run"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_signal_before_the_run_has_begun_lets_nothing_begin(project: Project, jobs: str) -> None:
    early = "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n"
    project.write("steps/early_steps.py", early)
    told = Told.by(project, "-j", jobs)
    assert told.run.code == 1
    assert set(told.outcomes.values()) == {"not run"}
    assert told.facts["ended_by"] == "SIGTERM"


def test_signal_when_every_scenario_has_begun_leaves_none_behind(project: Project) -> None:
    told = Told.by(project, *raising("after_all", kind="SIGTERM"))
    assert set(told.outcomes.values()) == {"passed"}
    assert told.facts["ended_by"] == "SIGTERM"
    assert "  ended           by SIGTERM, when every scenario had begun\n" in told.run.out
    assert "0 scenarios:" not in told.run.out


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signal_while_the_reports_are_made_ends_that(project: Project, name: str) -> None:
    # Nobody reads what is written there: to open it takes for ever.
    summary = project.folder / "summary.md"
    os.mkfifo(summary)
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    with project.running("-f", "plain", environment=github) as process:
        project.wait_for("reports/latest/index.html")
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=20)
    latest = project.folder / "reports" / "latest"
    assert process.returncode == 1
    assert err == (
        "truestep: WARNING: the report of this run is not complete: it was being made when "
        f"{name} came\n"
        f"  Looked at: reports/{latest.resolve().name}\n"
        "  Try: python -m truestep report\n"
    )
    assert "4 scenarios passed" in out
    assert json.loads((latest / "run.json").read_text())["exit_code"] == 1


BREAKING = """\
from behave.formatter.base import Formatter


class Breaking(Formatter):
    def result(self, step):
        raise RuntimeError("no more paper")
"""


def test_formatter_that_raises_leaves_nothing_undone(project: Project) -> None:
    project.write("breaking.py", BREAKING)
    told = Told.by(project, "-f", "breaking:Breaking", environment={"PYTHONPATH": "."})
    assert told.run.code == 1
    assert told.outcomes == by_name("error not_run not_run not_run")
    assert told.facts["status"] == "broken"
    *_, (_, finished) = told.messages
    assert finished["message"] == "RuntimeError: no more paper"
    hooks = (told.folder / "hooks.txt").read_text().splitlines()
    undone = ["cleanup of scenario Before", "cleanup of feature First"]
    assert hooks[-4:] == ["after_all", *undone, "cleanup of run"]
    assert len(told.rerun) == 4
    # Cut short, as it was not told of the end of the feature, but JSON.
    assert told.by_json == {}
