"""Steps and hooks do odd things: what they leave, send, print and ask for costs no other result."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviour.truth import Told
from tests.project import Project

OURS = ("-r", "truestep.runner:Runner")
WORKERS = pytest.mark.parametrize("jobs", ["1", "2"])
STEPS = """\
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from behave import step


@step("all is well")
def well(context):
    pass


@step("a process that it forks stays until it is told")
def forks(context):
    end, begin = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        Path("stays.txt").write_text(str(os.getpid()))
        os.close(begin)
        signal.pause()
    os.close(begin)
    os.read(end, 1)


@step("a program that it starts stays")
def starts(context):
    nothing = open(os.devnull, "r+")
    silent = {"stdin": nothing, "stdout": nothing, "stderr": nothing}
    process = subprocess.Popen(["sleep", "600"], close_fds=False, **silent)
    Path("stays.txt").write_text(str(process.pid))


@step("a process that it forks prints")
def prints(context):
    child = multiprocessing.get_context("fork").Process(target=print, args=("from the child",))
    child.start()
    child.join()
    print("from the step")


@step("it attaches {what}")
def attaches(context, what):
    things = {"text": "héllo", "a view": memoryview(b"abc"), "a function": lambda: 1}
    context.attach("application/octet-stream", things[what])


@step("it raises what is no UTF-8")
def raises(context):
    raise ValueError("bad \\udc80 one")


@step("it raises what only its worker can import")
def only_here(context):
    sys.path.insert(0, "elsewhere")
    import only_here

    raise only_here.Odd("raised elsewhere")


@step("it prints in each way there is")
def prints_all(context):
    sys.stdout.writelines(["line by line\\n"])
    print(f"in {sys.stdout.encoding}, {sys.stdout.writable()}", flush=True)
    print("behind behave's back", file=sys.__stdout__)


@step("it prints what is no UTF-8")
def prints_odd(context):
    print("bad \\udc80 one")


@step("it asks for a key")
def asks(context):
    input("which? ")


@step("it is killed in the middle of a word")
def killed(context):
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()
    while True:
        context.attach("text/plain", b"x" * 50_000)
        print("y" * 5_000_000)
"""


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "suite")
    project.write("features/steps/steps.py", STEPS)
    project.write("behave.ini", "[behave]\npaths = features\ndefault_format = plain\n")
    project.write("elsewhere/only_here.py", "class Odd(Exception):\n    pass\n")
    yield project
    for file in project.folder.glob("stays.txt"):
        os.kill(int(file.read_text()), signal.SIGKILL)


def feature(project: Project, step: str) -> None:
    project.write(
        "features/one.feature",
        f"Feature: One\n  Scenario: a\n    * {step}\n\n  Scenario: b\n    * all is well\n",
    )


@pytest.mark.parametrize(
    "step", ["a process that it forks stays until it is told", "a program that it starts stays"]
)
def test_what_a_step_leaves_running_does_not_hold_up_the_end(suite: Project, step: str) -> None:
    feature(suite, step)
    with suite.running(*OURS, "-j", "2") as process:
        out, _ = process.communicate(timeout=30)
    left = int((suite.folder / "stays.txt").read_text())
    os.kill(left, 0)
    assert process.returncode == 0
    assert "2 scenarios passed" in out


def test_what_a_forked_process_prints_is_told_once(suite: Project) -> None:
    feature(suite, "a process that it forks prints")
    run = suite.behave(*OURS, "-j", "2", "--no-capture")
    assert (run.out.count("from the child"), run.out.count("from the step")) == (1, 1)
    assert run.summary.startswith("2 scenarios passed")


@WORKERS
@pytest.mark.parametrize(
    ("step", "a"),
    [
        ("it attaches text", "passed"),
        ("it attaches a view", "passed"),
        ("it attaches a function", "failed"),
        ("it raises what is no UTF-8", "error"),
        ("it raises what only its worker can import", "error"),
    ],
)
def test_odd_data_costs_no_result_and_no_record(
    suite: Project, step: str, a: str, jobs: str
) -> None:
    feature(suite, step)
    # The formatter would write it as it is.
    readable = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
    run = suite.behave(*OURS, "-j", jobs, environment=readable)
    assert "WARNING" not in run.err
    assert "Traceback" not in run.err
    facts = json.loads((suite.folder / "reports/latest/run.json").read_text())
    assert facts["counts"] == ({"passed": 2} if a == "passed" else {a: 1, "passed": 1})


def test_what_cannot_be_attached_is_said(suite: Project) -> None:
    feature(suite, "it attaches a function")
    run = suite.behave(*OURS)
    assert "this cannot be attached: it is of the type function" in run.out


def test_standard_output_of_a_worker_takes_what_a_file_takes(suite: Project) -> None:
    feature(suite, "it prints in each way there is")
    run = suite.behave(*OURS, "-j", "2", "--no-capture", environment={"PYTHONUNBUFFERED": ""})
    assert "line by line\nin utf-8, True\n" in run.out
    assert run.out.count("behind behave's back\n") == 1


@WORKERS
def test_what_cannot_be_printed_fails_the_step_that_prints_it(suite: Project, jobs: str) -> None:
    feature(suite, "it prints what is no UTF-8")
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    run = suite.behave(*OURS, "-j", jobs, "--no-capture", environment=strict)
    assert run.summary.startswith("1 scenario passed, 0 failed, 1 error")
    assert "can't encode character '\\udc80'" in run.out


def test_nobody_is_at_the_keyboard_of_a_worker(suite: Project) -> None:
    feature(suite, "it asks for a key")
    command = [sys.executable, "-m", "behave", *OURS, "-j", "2"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(suite.folder)
        os.execv(command[0], command)  # noqa: S606  # no shell is needed
    out = b""
    give_up = threading.Timer(30, os.kill, (pid, signal.SIGKILL))
    give_up.start()
    # Until the last one who could write has ended.
    with contextlib.suppress(OSError):
        while text := os.read(terminal, 65536):
            out += text
    give_up.cancel()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert "EOFError: EOF when reading a line" in out.decode()


def test_worker_that_dies_while_it_tells_something_costs_its_scenario_alone(
    suite: Project,
) -> None:
    feature(suite, "it is killed in the middle of a word")
    run = Told.by(suite, *OURS, "-j", "2", "--no-capture")
    assert run.outcomes == {"a": "error", "b": "passed"}
    assert "was ended by SIGKILL" in run.run.out
