"""Workers that die outside of scenarios, and runs that break while workers run."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest
from hamcrest import empty

from tests.behaviour.test_truth import raising
from tests.behaviour.truth import Told
from tests.project import Project
from truestep.polling import eventually

STEPS = """\
import threading
from pathlib import Path

from behave import step
from hamcrest import is_
from truestep.polling import eventually


@step("it waits for ever")
def waits(context):
    Path("waits.txt").write_text("in it")
    threading.Event().wait()


@step("another one waits")
def another_waits(context):
    eventually(Path("waits.txt").exists, is_(True), what="another one", within_s=60)
"""
ONE = """\
@marked
Feature: One
  Scenario: a
    Given all is well

  Rule: First
    Scenario: b
      Given all is well

    Scenario: c
      Given all is well

  Rule: Second
    Scenario: d
      Given all is well
"""
TWO = "Feature: Two\n  Scenario: e\n    Given all is well\n\n  Scenario: f\n    Given all is well\n"
KILLED = "WorkerDiedError: the worker that ran it was ended by SIGKILL; perhaps memory ran out"


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    """The sample project `troubles`, whose hooks do what they are told to, with two features."""
    project = Project.of("troubles", tmp_path)
    shutil.rmtree(project.folder / "features")
    project.write("steps/waiting_steps.py", STEPS)
    project.write("features/one.feature", ONE)
    project.write("features/two.feature", TWO)
    return project


@pytest.mark.parametrize(
    ("hook", "at", "place", "not_run"),
    [
        ("before_all", "", "the run", None),
        ("before_tag", "marked", "features/one.feature:2", "abcd"),
        ("before_feature", "One", "features/one.feature:2", "abcd"),
        ("before_rule", "First", "features/one.feature:6", "bc"),
        ("after_rule", "First", "features/one.feature:6", ""),
        ("after_feature", "One", "features/one.feature:2", ""),
        ("cleanup of feature", "One", "features/one.feature:2", ""),
        ("after_all", "", "the run", ""),
        ("cleanup of run", "", "the run", ""),
    ],
)
def test_death_in_a_hook_names_it_and_costs_what_hangs_on_it(
    suite: Project, hook: str, at: str, place: str, not_run: str | None
) -> None:
    run = Told.by(suite, "-j", "2", *raising(hook, at, "SIGKILL"))
    name = "cleanup" if hook.startswith("cleanup") else hook
    assert run.run.code == 1
    assert f"{name} of {place}\n                  {KILLED}\n" in run.run.out
    ended = {name for name, outcome in run.outcomes.items() if outcome == "passed"}
    assert ended == (set() if not_run is None else set("abcdef") - set(not_run))
    where = "" if place == "the run" else f" {place}"
    assert set(run.around) == {f"{name}{where}"}


def test_formatter_that_raises_ends_workers_with_their_hooks(suite: Project) -> None:
    suite.write(
        "raising.py",
        "from behave.formatter.base import Formatter\n\n\n"
        "class Raising(Formatter):\n"
        "    def result(self, step):\n"
        "        raise RuntimeError('the formatter is in trouble')\n",
    )
    suite.write("features/one.feature", "Feature: One\n  Scenario: a\n    * another one waits\n")
    suite.write("features/two.feature", "Feature: Two\n  Scenario: b\n    * it waits for ever\n")
    run = suite.behave("-j", "2", "-f", "raising:Raising", environment={"PYTHONPATH": "."})
    assert run.code == 1
    assert "RuntimeError: the formatter is in trouble" in run.err
    assert "SIGKILL" not in run.out
    hooks = (suite.folder / "hooks.txt").read_text().splitlines()
    assert hooks.count("cleanup of feature Two") == 1
    assert hooks.count("cleanup of run") == 2


def test_run_goes_on_without_the_process_that_forks_workers(suite: Project) -> None:
    suite.write("features/one.feature", "Feature: One\n  Scenario: a\n    * it waits for ever\n")
    suite.write("features/two.feature", "Feature: Two\n  Scenario: b\n    * another one waits\n")
    with suite.running("-j", "2", "-D", "timeout_s=3") as process:
        suite.wait_for("waits.txt")
        [zygote] = psutil.Process(process.pid).children()
        workers = zygote.children()
        zygote.kill()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "1 scenario passed, 0 failed, 1 error" in out
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_killed_run_leaves_nothing_of_the_services_that_its_workers_shared(tmp_path: Path) -> None:
    project = Project.of("notes", tmp_path)
    project.write("steps/waiting_steps.py", STEPS)
    project.write(
        "features/notes.feature", "@redis\nFeature: a\n  Scenario: a\n    * it waits for ever\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ours = ("-r", "truestep.runner:Runner", "-j", "2", "-D", "repeat=2")
    with project.running(*ours, environment={"TMPDIR": str(temporary)}) as process:
        project.wait_for("waits.txt")
        process.kill()
        process.communicate(timeout=60)
    eventually(lambda: [*temporary.iterdir()], empty(), what="what is left", within_s=30)
