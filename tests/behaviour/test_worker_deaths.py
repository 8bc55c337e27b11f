"""Workers that die outside of scenarios, and runs that break while workers run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from hamcrest import empty, is_

from tests.behaviour.truth import Told
from tests.project import Project
from truestep.polling import eventually, pause

OURS = ("-r", "truestep.runner:Runner")
ENVIRONMENT = """\
import os
import signal
from pathlib import Path


def come(context, name, statement=None):
    userdata = context.config.userdata
    of = getattr(statement, "name", statement) or ""
    with Path("hooks.txt").open("a") as hooks:
        hooks.write(f"{name} {of}\\n")
    if userdata.get("die_in") == name and userdata.get("at", of) == of:
        os.kill(os.getpid(), signal.SIGKILL)


def before_all(context):
    context.add_cleanup(come, context, "cleanup_all")
    come(context, "before_all")


def before_tag(context, tag):
    come(context, "before_tag", tag)


def before_feature(context, feature):
    context.add_cleanup(come, context, "cleanup_feature", feature)
    come(context, "before_feature", feature)


def before_rule(context, rule):
    come(context, "before_rule", rule)


def after_rule(context, rule):
    come(context, "after_rule", rule)


def after_feature(context, feature):
    come(context, "after_feature", feature)


def after_all(context):
    come(context, "after_all")
"""
STEPS = """\
import threading
from pathlib import Path

from behave import step


@step("all is well")
def well(context):
    pass


@step("it waits for ever")
def waits(context):
    Path("waits.txt").touch()
    threading.Event().wait()


@step("another one waits")
def another_waits(context):
    while not Path("waits.txt").exists():
        pass
"""
ONE = """\
@marked
Feature: One
  Scenario: a
    * all is well

  Rule: First
    Scenario: b
      * all is well

    Scenario: c
      * all is well

  Rule: Second
    Scenario: d
      * all is well
"""
TWO = "Feature: Two\n  Scenario: e\n    * all is well\n\n  Scenario: f\n    * all is well\n"
KILLED = "WorkerDiedError: the worker that ran it was ended by SIGKILL; perhaps memory ran out"


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    project = Project(tmp_path / "suite")
    project.write("features/steps/steps.py", STEPS)
    project.write("features/environment.py", ENVIRONMENT)
    project.write("features/one.feature", ONE)
    project.write("features/two.feature", TWO)
    project.write("behave.ini", "[behave]\npaths = features\ndefault_format = plain\n")
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
        ("cleanup_feature", "One", "features/one.feature:2", ""),
        ("after_all", "", "the run", ""),
        ("cleanup_all", "", "the run", ""),
    ],
)
def test_death_in_a_hook_names_it_and_costs_what_hangs_on_it(
    suite: Project, hook: str, at: str, place: str, not_run: str | None
) -> None:
    run = Told.by(suite, *OURS, "-j", "2", "-D", f"die_in={hook}", "-D", f"at={at}")
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
    run = suite.behave(*OURS, "-j", "2", "-f", "raising:Raising", environment={"PYTHONPATH": "."})
    assert run.code == 1
    assert "RuntimeError: the formatter is in trouble" in run.err
    assert "SIGKILL" not in run.out
    hooks = (suite.folder / "hooks.txt").read_text().split("\n")
    assert hooks.count("cleanup_feature Two") == 1
    assert hooks.count("cleanup_all ") == 2


def test_run_goes_on_without_the_process_that_forks_workers(suite: Project) -> None:
    suite.write("features/one.feature", "Feature: One\n  Scenario: a\n    * it waits for ever\n")
    suite.write("features/two.feature", "Feature: Two\n  Scenario: b\n    * another one waits\n")
    process = suite.start(*OURS, "-j", "2", "-D", "timeout_s=3")
    eventually((suite.folder / "waits.txt").exists, is_(True), what="a scenario", within_s=60)
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
    environment = {"TMPDIR": str(temporary)}
    process = project.start(*OURS, "-j", "2", "-D", "repeat=2", environment=environment)
    eventually((project.folder / "waits.txt").exists, is_(True), what="a scenario", within_s=60)
    process.kill()
    process.communicate(timeout=60)
    eventually(lambda: [*temporary.iterdir()], empty(), what="what is left", within_s=30)


def test_worker_killed_with_the_run_is_not_said_to_lack_memory(suite: Project) -> None:
    suite.write("features/one.feature", "Feature: One\n  Scenario: a\n    * it waits for ever\n")
    suite.write(
        "features/steps/late.py",
        "import signal\nfrom behave import step\n\n\n"
        "@step('it takes no interrupt')\n"
        "def stubborn(context):\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "    context.execute_steps('* it waits for ever')\n",
    )
    suite.write(
        "features/two.feature", "Feature: Two\n  Scenario: b\n    * it takes no interrupt\n"
    )
    (suite.folder / "features/one.feature").unlink()
    process = suite.start(*OURS, "-j", "2")
    eventually((suite.folder / "waits.txt").exists, is_(True), what="a scenario", within_s=60)
    for _ in range(2):
        os.kill(process.pid, signal.SIGINT)
        pause(0.1)
    out, _ = process.communicate(timeout=60)
    assert "the run was ended at once, and with it the worker that ran it" in out
    assert "memory" not in out
