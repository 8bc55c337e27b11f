"""The run directory: written as the run goes, private, and never the cause of a result."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import stat
from pathlib import Path

import pytest

from tests.behaviour.truth import Told
from tests.project import Project

FULL_DISK = """\
import resource
from behave import when

@when("the disk is full")
def fill(context):
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
"""
QUOTED = """\
Feature: Quoted
  Scenario: Quotes
    Then the reader is told
      '''
      not Gherkin's way
      '''
"""
RETRIED = """\
from behave.contrib.scenario_autoretry import patch_scenario_with_autoretry

def before_feature(context, feature):
    for scenario in feature.walk_scenarios():
        patch_scenario_with_autoretry(scenario, max_attempts=3)
"""
ATTACHING = """\
def before_scenario(context, scenario):
    context.attach("text/plain", b"before the scenario")

def before_all(context):
    context.attach("image/png", bytes([137, 80, 78, 71]))
"""
ATTACHING_AROUND = """\
def before_all(context):
    context.attach("text/plain", b"the shop <opens>")

def before_feature(context, feature):
    context.attach("text/plain", b"the shelf is dusted")

def after_all(context):
    context.attach("text/plain", b"the shop closes")
"""
KILLED = """\
import os, signal
from behave import when

@when("the run is killed")
def kill(context):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Project:
    return Project.of("troubles", tmp_path)


def one_scenario(project: Project, *steps: str) -> None:
    for feature in (project.folder / "features").rglob("*.feature"):
        feature.unlink()
    lines = "\n".join(f"    {step}" for step in steps)
    project.write("features/one.feature", f"Feature: One\n  Scenario: Only\n{lines}\n")


def test_run_directory_is_private_to_its_user(shelf: Project) -> None:
    told = Told.by(shelf)
    folder = told.latest.resolve()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_latest_is_the_last_run_and_earlier_ones_stay(shelf: Project) -> None:
    first = Told.by(shelf).latest.resolve()
    second = Told.by(shelf).latest.resolve()
    assert first != second
    assert first.name < second.name
    assert (first / "messages.ndjson").is_file()


def runs_of(project: Project) -> list[str]:
    """The folders of runs that are there, by name."""
    return sorted(path.name for path in (project.folder / "reports").glob("*Z-*"))


def test_reports_of_old_runs_are_removed_and_their_history_stays(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    shelf.behave()
    [first] = runs_of(shelf)
    shelf.behave("-D", "keep_runs=2")
    [_, second] = runs_of(shelf)
    shelf.write("reports/not-a-run/kept.txt", "mine")
    shelf.behave("-D", "keep_runs=2")
    assert runs_of(shelf)[0] == second
    assert len(runs_of(shelf)) == 2
    assert (shelf.folder / "reports/not-a-run/kept.txt").is_file()
    history = (shelf.folder / "reports/history.ndjson").read_text()
    assert history.count("\n") == 3
    assert first in history


def test_report_of_a_run_that_goes_on_is_not_removed(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    shelf.behave()
    [first] = runs_of(shelf)
    with (shelf.folder / "reports" / first / "messages.ndjson").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        shelf.behave("-D", "keep_runs=1")
        assert runs_of(shelf)[0] == first
    shelf.behave("-D", "keep_runs=1")
    assert len(runs_of(shelf)) == 1


def test_list_of_what_to_run_again_is_read_before_its_run_is_removed(shelf: Project) -> None:
    one_scenario(shelf, "Then 7 books are left")
    shelf.behave()
    run = shelf.behave("-D", "keep_runs=1", "@reports/latest/rerun.txt")
    assert (run.code, run.summary) == (1, "0 scenarios passed, 1 failed, 0 skipped"), run.err
    assert len(runs_of(shelf)) == 1


def test_facts_say_how_it_was_run_without_secrets(notes: Project) -> None:
    url = "redis://:pass-of-nobody@127.0.0.1:1/0"
    told = Told.by(
        notes, "-r", "truestep.runner:Runner", "--tags=@postgres", "-D", f"redis.url={url}"
    )
    facts = told.facts
    assert facts["status"] == "passed"
    assert facts["scenario_count"] == 1
    assert facts["settings"]["redis"] == {"url": "redis://:***@127.0.0.1:1/0"}
    [postgres] = facts["services"]
    assert (postgres["name"], postgres["backend"], postgres["owner"]) == (
        "postgres",
        "embedded",
        "run",
    )
    assert 0 < postgres["took_s"] < 60
    assert "pass-of-nobody" not in json.dumps(facts)


def test_killed_run_leaves_a_record_up_to_that_moment(shelf: Project) -> None:
    shelf.write("steps/killed.py", KILLED)
    one_scenario(shelf, "When a book is borrowed", "When the run is killed")
    told = Told.by(shelf)
    assert told.run.code == -signal.SIGKILL
    kinds = [kind for kind, _ in told.messages]
    assert kinds[-1] == "testStepStarted"
    assert kinds.count("testStepFinished") == 2  # before_scenario, and the first step
    assert (told.facts["status"], told.facts["exit_code"]) == ("running", None)


def test_killed_run_leaves_no_junit_file_of_the_run_before(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    assert Told.by(shelf).junit == {"Only": "passed"}
    shelf.write("steps/killed.py", KILLED)
    one_scenario(shelf, "When the run is killed")
    assert Told.by(shelf).junit == {}


def test_junit_files_go_where_behave_is_told_to_put_them(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    told = Told.by(shelf, "--junit-directory", "elsewhere")
    assert told.junit == {}
    assert (shelf.folder / "elsewhere" / "TESTS-features.one.xml").is_file()


def test_reports_that_cannot_be_written_change_no_result(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    shelf.write("reports", "a file where a folder should be")
    run = shelf.behave()
    assert run.code == 0, run.out + run.err
    [warning] = [line for line in run.err.splitlines() if "WARNING" in line]
    assert warning == "truestep: WARNING: the report of this run is not complete: File exists"


def test_disk_that_fills_up_changes_no_result(shelf: Project) -> None:
    shelf.write("steps/full.py", FULL_DISK)
    one_scenario(
        shelf, "When a book is borrowed", "When the disk is full", "Then the reader is told"
    )
    run = shelf.behave()
    assert run.code == 0, run.out + run.err
    assert run.err.count("WARNING") == 1
    assert "the report of this run is not complete: File too large" in run.err
    lines = (shelf.folder / "reports" / "latest" / "messages.ndjson").read_text().splitlines()
    assert all(json.loads(line) for line in lines[:-1])


def test_folder_without_permission_changes_no_result(shelf: Project) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    one_scenario(shelf, "When a book is borrowed")
    (shelf.folder / "reports").mkdir(mode=0o500)
    run = shelf.behave()
    assert run.code == 0, run.out + run.err
    assert "WARNING: the report of this run is not complete: Permission denied" in run.err


def test_dry_run_leaves_nothing(shelf: Project) -> None:
    run = shelf.behave("--dry-run")
    assert "USING RUNNER: truestep.runner.runner:Runner" in run.out
    assert not (shelf.folder / "reports").exists()


def test_folder_of_reports_can_be_chosen(shelf: Project) -> None:
    shelf.behave("-D", "reports=out/of/runs")
    assert (shelf.folder / "out" / "of" / "runs" / "latest" / "messages.ndjson").is_file()
    assert not (shelf.folder / "reports").exists()


def test_attachment_of_a_step_is_kept_with_the_step(shelf: Project) -> None:
    one_scenario(shelf, "When the shelf is looked at")
    told = Told.by(shelf)
    [(name, attachment)] = told.attachments
    assert (name, attachment["body"]) == ("Only", "an empty shelf")
    [step] = [
        row["id"]
        for kind, message in told.messages
        if kind == "testCase"
        for row in message["testSteps"]
        if "pickleStepId" in row
    ]
    assert attachment["testStepId"] == step
    [feature] = json.loads(told.written("json"))
    assert feature["elements"][0]["steps"][0]["embeddings"][0]["mime_type"] == "text/plain"


def test_attachment_of_a_hook_is_kept_and_breaks_no_formatter(shelf: Project) -> None:
    one_scenario(shelf, "When a book is borrowed")
    shelf.write("environment.py", ATTACHING)
    told = Told.by(shelf)
    assert told.run.code == 0, told.run.out + told.run.err
    [(name, attachment)] = told.attachments
    assert (name, attachment["body"]) == ("Only", "before the scenario")
    bodies = [message.get("body") for kind, message in told.messages if kind == "attachment"]
    assert bodies == ["iVBORw==", "before the scenario"]


@pytest.mark.parametrize("options", [(), ("-j", "2")], ids=["alone", "by workers"])
def test_attachments_of_hooks_around_scenarios_are_on_the_page(
    shelf: Project, options: tuple[str, ...]
) -> None:
    one_scenario(shelf, "When a book is borrowed")
    shelf.write("environment.py", ATTACHING_AROUND)
    run = shelf.behave(*options)
    assert run.code == 0, run.out + run.err
    page = (shelf.folder / "reports" / "latest" / "index.html").read_text()
    _, _, attached = page.partition("What was attached outside of the scenarios")
    shown = re.findall(r'<p class="foot">(.*?)</p>.*?<pre class="trace">(.*?)</pre>', attached)
    assert shown == [
        ("before_all", "the shop &lt;opens&gt;"),
        ("before_feature of features/one.feature:1", "the shelf is dusted"),
        ("after_all", "the shop closes"),
    ]


def test_what_only_behave_reads_is_told_all_the_same(shelf: Project) -> None:
    one_scenario(shelf)
    shelf.write("features/one.feature", QUOTED)
    told = Told.by(shelf)
    assert told.run.code == 0
    assert told.outcomes == {"Quotes": "passed"}
    [pickle] = [message for kind, message in told.messages if kind == "pickle"]
    assert pickle["steps"][0]["argument"]["docString"]["content"] == "not Gherkin's way"
    assert told.junit == {"Quotes": "passed"}


WORKS_THE_SECOND_TIME = """\
from behave import then

tries = []

@then("it works the second time")
def works(context):
    tries.append(1)
    assert len(tries) > 1, "not yet"
"""


def test_scenario_that_passes_when_it_is_tried_again_is_flaky(shelf: Project) -> None:
    one_scenario(shelf, "Then it works the second time")
    shelf.write("environment.py", RETRIED)
    shelf.write("steps/retried.py", WORKS_THE_SECOND_TIME)
    told = Told.by(shelf)
    assert told.run.code == 0, told.run.out
    started = [message for kind, message in told.messages if kind == "testCaseStarted"]
    finished = [message for kind, message in told.messages if kind == "testCaseFinished"]
    assert [message["attempt"] for message in started] == [0, 1]
    assert [message["willBeRetried"] for message in finished] == [True, False]
    assert told.facts["counts"] == {"flaky": 1}
    assert told.junit == {"Only": "passed"}
    assert told.rerun == []
    assert (
        "\n"
        "  flaky           features/one.feature:2  Only\n"
        "                  passed when it was tried again; first: not yet\n"
        "\n"
        "Report: reports/"
    ) in told.run.out


def test_scenario_that_fails_each_time_it_is_tried_has_failed(shelf: Project) -> None:
    one_scenario(shelf, "Then 7 books are left")
    shelf.write("environment.py", RETRIED)
    told = Told.by(shelf)
    assert told.run.code == 1
    assert [kind for kind, _ in told.messages].count("testCaseStarted") == 3
    assert told.facts["counts"] == {"failed": 1}
    assert told.said == [("failed", "features/one.feature:2  Only")]


def test_cases_of_unselected_scenarios_are_not_in_the_record(shelf: Project) -> None:
    told = Told.by(shelf, "--tags=@smoke")
    assert told.outcomes == {"A book on the shelf is borrowed": "passed"}
    places = [
        message["sourceReference"]["uri"] for kind, message in told.messages if kind == "hook"
    ]
    assert "features/orders/orders.feature" not in places
