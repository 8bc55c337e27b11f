"""Scenarios on workers: those that die or hang, that are tried again, that end early."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.behaviour.truth import Told
from tests.project import Project

OURS = ("-r", "truestep.runner:Runner")
STEPS = """\
import ctypes
import os
import signal
import threading
from pathlib import Path

from behave import given, then, when
from hamcrest import equal_to
from truestep.polling import eventually, pause


@given("all is well")
def well(context):
    pass


@when("its worker is killed")
def killed(context):
    os.kill(os.getpid(), signal.SIGKILL)


@when("it crashes in C code")
def crashes(context):
    ctypes.string_at(0)


@when("its worker leaves with code {code:d}")
def leaves(context, code):
    os._exit(code)


@when("it waits for ever")
def waits(context):
    Path("waits.txt").write_text("in it")
    threading.Event().wait()


@when("it waits for ever and takes no interrupt")
def hangs(context):
    Path("waits.txt").write_text("in it")
    while True:
        try:
            threading.Event().wait()
        except BaseException as interrupt:
            Path("interrupted.txt").write_text(repr(interrupt))


@when("it raises what cannot be sent")
def raises(context):
    class Locked(Exception):
        def __init__(self, lock):
            super().__init__("a lock is in here")
            self.lock = lock

    raise Locked(threading.Lock())


@then("it passes at try {number:d}")
def passes_at(context, number):
    tries = Path("tries.txt")
    with tries.open("a") as file:
        file.write("x")
    assert len(tries.read_text()) >= number, "not yet"


@then("it fails every {number:d}. time")
def fails_every(context, number):
    with Path("tries.txt").open("a") as file:
        file.write("x")
        file.flush()
        assert file.tell() % number, "this time"


@then("its order is noted")
def noted(context):
    with Path("order.txt").open("a") as file:
        file.write(context.scenario.name + "\\n")


@when("another one has begun as well")
def together(context):
    Path(f"begun-{os.getpid()}").touch()
    begun = lambda: len([*Path().glob("begun-*")])
    eventually(begun, equal_to(2), what="how many have begun", within_s=30)


@when("nobody else is in here")
def alone(context):
    inside = Path("inside")
    inside.mkdir()
    # Nothing tells that nobody comes: this is the time for one who is let in by mistake.
    pause(0.05)
    inside.rmdir()
"""
ENVIRONMENT = """\
import os
from pathlib import Path


def before_all(context):
    Path(f"worker-{os.getpid()}").touch()


def after_scenario(context, scenario):
    with Path("ended.txt").open("a") as file:
        file.write(scenario.name + "\\n")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Project:
    project = Project(tmp_path / "suite")
    project.write("features/steps/steps.py", STEPS)
    project.write("features/environment.py", ENVIRONMENT)
    project.write("behave.ini", "[behave]\npaths = features\ndefault_format = plain\n")
    return project


def feature(project: Project, *scenarios: str, name: str = "one", tags: str = "") -> None:
    """Writes a feature whose scenarios are called a, b, c, …; each of one step or several."""
    parts = [f"{tags}\nFeature: {name}"]
    for letter, steps in zip("abcdefghijkl", scenarios, strict=False):
        *marks, lines = steps.split("|")
        parts.append(f"  {' '.join(marks)}\n  Scenario: {name} {letter}\n    {lines}")
    project.write(f"features/{name}.feature", "\n\n".join(parts) + "\n")


def told(project: Project, *options: str) -> Told:
    return Told.by(project, *OURS, *options)


WELL = "Given all is well"
DEATHS = [
    ("When its worker is killed", "ended by SIGKILL; perhaps memory ran out"),
    ("When it crashes in C code", "ended by SIGSEGV"),
    ("When its worker leaves with code 3", "exited with code 3"),
]


@pytest.mark.parametrize(("step", "how"), DEATHS)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_worker_that_dies_costs_its_scenario_and_no_other(
    suite: Project, step: str, how: str, jobs: str
) -> None:
    feature(suite, WELL, f"Given all is well\n    {step}\n    Then its order is noted", WELL)
    feature(suite, WELL, WELL, name="two")
    # A time limit takes a worker, also where there is only one.
    run = told(suite, "-j", jobs, "-D", "timeout_s=60")
    assert run.run.code == 1
    assert run.outcomes == {
        "one a": "passed",
        "one b": "error",
        "one c": "passed",
        "two a": "passed",
        "two b": "passed",
    }
    assert run.junit == run.outcomes | {"one b": "error"}
    assert run.counts == {"passed": 4, "error": 1}
    assert f"the worker that ran it was {how}".replace("was exited", "exited") in run.run.out
    assert run.rerun == ["features/one.feature:9"]
    statuses = [
        message["testStepResult"]["status"]
        for kind, message in run.messages
        if kind == "testStepFinished"
    ]
    assert Counter(statuses)["FAILED"] == 1


def test_stack_of_a_crash_is_kept(suite: Project) -> None:
    feature(suite, "When it crashes in C code", WELL)
    run = told(suite, "-j", "2")
    stacks = [one["body"] for _, one in run.attachments if one["mediaType"] == "text/plain"]
    assert len(stacks) == 1
    assert "Segmentation fault" in stacks[0]
    assert "in crashes" in stacks[0]


def test_scenario_that_hangs_is_interrupted_with_its_stack(suite: Project) -> None:
    feature(suite, "@timeout(0.5)|When it waits for ever", WELL)
    run = told(suite)
    assert run.outcomes == {"one a": "error", "one b": "passed"}
    assert "the scenario took longer than it may: it was not done after 0.5 s" in run.run.out
    [stacks] = [one["body"] for _, one in run.attachments if one["mediaType"] == "text/plain"]
    assert "in waits" in stacks
    # Its hooks have run.
    assert (suite.folder / "ended.txt").read_text() == "one a\none b\n"


def test_time_limit_of_all_scenarios_is_a_setting(suite: Project) -> None:
    feature(suite, "When it waits for ever", WELL)
    run = told(suite, "-D", "timeout_s=0.5")
    assert run.outcomes == {"one a": "error", "one b": "passed"}


def test_scenario_that_takes_no_interrupt_is_killed(suite: Project) -> None:
    # On a fast machine, all limits are shorter.
    feature(suite, "@timeout(2)|When it waits for ever and takes no interrupt", WELL)
    run = told(suite, "-D", "wait_scale=0.1")
    assert run.outcomes == {"one a": "error", "one b": "passed"}
    said = "took longer than 0.2 s, did not end when it was interrupted, and its worker was killed"
    assert said in run.run.out


def test_exception_that_cannot_be_sent_keeps_its_name_and_text(suite: Project) -> None:
    feature(suite, "When it raises what cannot be sent", WELL)
    run = told(suite, "-j", "2")
    assert run.outcomes == {"one a": "error", "one b": "passed"}
    assert "Locked: a lock is in here" in run.written("plain")


def test_what_passes_when_it_is_tried_again_is_flaky(suite: Project) -> None:
    feature(suite, "Then it passes at try 2", WELL)
    run = told(suite, "-D", "retries=2")
    assert run.run.code == 0
    assert run.facts["counts"] == {"flaky": 1, "passed": 1}
    tried = [
        message["willBeRetried"] for kind, message in run.messages if kind == "testCaseFinished"
    ]
    assert sorted(tried) == [False, False, True]


def test_what_fails_at_each_try_has_failed(suite: Project) -> None:
    feature(suite, "Then it passes at try 4", WELL)
    run = told(suite, "-D", "retries=2", "-j", "2")
    assert run.run.code == 1
    assert run.facts["counts"] == {"failed": 1, "passed": 1}
    assert (suite.folder / "tries.txt").read_text() == "xxx"


def test_repeated_scenario_tells_how_often_it_failed(suite: Project) -> None:
    feature(suite, "Then it fails every 3. time", WELL)
    run = told(suite, "-D", "repeat=10")
    assert run.run.code == 1
    assert "failed 3 of 10: this time" in run.run.out
    assert run.facts["counts"] == {"failed": 1, "passed": 1}
    assert run.counts == {"passed": 1, "failed": 1}


def test_random_order_is_made_again_by_its_seed(suite: Project) -> None:
    feature(suite, *["Then its order is noted"] * 8)
    feature(suite, *["Then its order is noted"] * 8, name="two")
    order = suite.folder / "order.txt"
    first = told(suite, "-D", "order=random")
    seed = first.run.err.split("-D seed=")[1].split()[0]
    told(suite, "-D", "order=random", "-D", f"seed={seed}")
    lines = order.read_text().splitlines()
    assert len(lines) == 32
    assert lines[:16] == lines[16:]
    assert lines[:16] != sorted(lines[:16])
    assert sorted(lines[:16]) == sorted({*lines})


def test_reports_are_in_the_written_order_whatever_the_order_was(suite: Project) -> None:
    feature(suite, *["Then its order is noted"] * 8)
    serial = told(suite)
    shuffled = told(suite, "-D", "order=random", "-D", "seed=1", "-j", "2")
    assert list(serial.by_json) == list(shuffled.by_json)
    assert list(serial.junit) == list(shuffled.junit)


def test_scenarios_run_side_by_side(suite: Project) -> None:
    feature(suite, "When another one has begun as well", "When another one has begun as well")
    assert told(suite, "-j", "2").counts == {"passed": 2}


def test_scenarios_of_one_lock_never_meet(suite: Project) -> None:
    feature(suite, *["@serial.door|When nobody else is in here"] * 6)
    feature(suite, *["@serial.door|When nobody else is in here"] * 6, name="two")
    assert told(suite, "-j", "4").counts == {"passed": 12}


def test_whole_feature_stays_with_one_worker_in_order(suite: Project) -> None:
    feature(suite, *["Then its order is noted"] * 6, tags="@whole")
    feature(suite, *[WELL] * 6, name="two")
    assert told(suite, "-j", "3").counts == {"passed": 12}
    lines = (suite.folder / "order.txt").read_text().splitlines()
    assert lines == sorted(lines)


def test_whole_feature_stays_together_when_some_of_it_is_tried_again(suite: Project) -> None:
    once = "When nobody else is in here\n    Then it passes at try 2"
    feature(suite, once, *["When nobody else is in here"] * 8, tags="@whole")
    feature(suite, *[WELL] * 3, name="two")
    assert told(suite, "-j", "3", "-D", "retries=1").facts["counts"] == {"flaky": 1, "passed": 11}


def test_repeated_scenario_is_stopped_at_its_first_failure_when_asked(suite: Project) -> None:
    feature(suite, "Then it fails every 3. time", f"@serial|{WELL}")
    run = told(suite, "-D", "repeat=10", "--stop")
    assert "failed 1 of 3: this time" in run.run.out
    assert run.facts["counts"] == {"failed": 1, "not run": 1}
    tried = [message["willBeRetried"] for _, message in run.messages if "willBeRetried" in message]
    assert tried == [True, True, False]


def test_first_failure_stops_all_when_asked(suite: Project) -> None:
    feature(suite, "Then it passes at try 2", *[f"@serial|{WELL}"] * 6)
    run = told(suite, "-j", "2", "--stop")
    assert run.run.code == 1
    assert Counter(run.outcomes.values()) == {"failed": 1, "not run": 6}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signal_ends_what_runs_with_its_hooks(suite: Project, name: str) -> None:
    feature(
        suite, "When it waits for ever", "When it waits for ever", *[WELL] * 4, tags="@serial.a"
    )
    with suite.running(*OURS, "-j", "2", "-f", "plain") as process:
        suite.wait_for("waits.txt")
        process.send_signal(getattr(signal, name))
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"5 scenarios: the run was ended by {name}" in out
    assert (suite.folder / "ended.txt").read_text() == "one a\n"


def test_second_signal_kills_at_once(suite: Project) -> None:
    feature(suite, "When it waits for ever and takes no interrupt", WELL, tags="@serial.a")
    with suite.running(*OURS, "-j", "2", "-f", "plain") as process:
        suite.wait_for("waits.txt")
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        # Two that come together are one.
        suite.wait_for("interrupted.txt")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the run was ended by SIGINT" in out
    assert "the run was ended at once, and with it the worker that ran it" in out
    assert "memory" not in out
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_killed_run_leaves_no_worker(suite: Project) -> None:
    feature(suite, "When it waits for ever", WELL)
    with suite.running(*OURS, "-j", "2", "-f", "plain") as process:
        suite.wait_for("waits.txt")
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
