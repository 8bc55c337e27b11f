"""However a run ends, nothing of it is left: no process, folder, container, network, volume."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hamcrest import equal_to

from tests.project import Project
from truestep.polling import eventually

BLOCKING = """\
from pathlib import Path

from behave import when
from hamcrest import equal_to
from truestep.polling import eventually


@when("it never ends")
def never_ends(context):
    Path("reached").touch()
    eventually(lambda: 1, equal_to(2), what="the impossible", within_s=120)
"""
ENDINGS = {
    "success": "Then the key {k} does not exist",
    "failure": "Then the key {k} exists",
}
FEATURE = """\
Feature: Endings
  @postgres @redis @kafka
  Scenario: One
    {step}
"""
FAILING_HOOKS = [
    "before_scenario",
    "after_scenario",
    "before_feature",
    "after_feature",
    "after_all",
]


@dataclass(frozen=True)
class Machine:
    """What of ours is on the machine."""

    processes: frozenset[str]
    folders: frozenset[str]
    containers: frozenset[str]
    networks: frozenset[str]
    volumes: frozenset[str]

    @classmethod
    def now(cls, *, docker: bool) -> Machine:
        return cls(
            frozenset(_server_processes()),
            frozenset(str(path) for path in Path(tempfile.gettempdir()).glob("truestep-*")),
            *(
                frozenset(_docker(*kind)) if docker else frozenset()
                for kind in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q"))
            ),
        )


def _server_processes() -> Iterator[str]:
    """Local servers of any run, and the reapers: each has the folder of a run in its arguments.

    A port is open only as long as its process, so this answers for the ports too.
    """
    prefix = f"{tempfile.gettempdir()}/truestep-"
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(prefix in argument for argument in process.cmdline()):
                yield f"{process.pid} {process.name()}"


def _docker(*arguments: str) -> list[str]:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture(params=["embedded", pytest.param("docker", marks=pytest.mark.docker)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def assert_as_before(before: Machine, backend: str, *, within_s: float = 5.0) -> None:
    eventually(
        lambda: Machine.now(docker=backend == "docker"),
        equal_to(before),
        what="a machine with nothing left of the run",
        within_s=within_s,
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_after_a_run(notes: Project, backend: str, ending: str) -> None:
    before = Machine.now(docker=backend == "docker")
    notes.write("features/e.feature", FEATURE.format(step=ENDINGS[ending].format(k='"k"')))
    run = notes.behave("features/e.feature", "-D", f"backend={backend}")
    assert run.code == (0 if ending == "success" else 1), run.out + run.err
    # testcontainers' reaper removes itself some seconds after the run.
    assert_as_before(before, backend, within_s=0.0 if backend == "embedded" else 30.0)


@pytest.mark.parametrize("hook", FAILING_HOOKS)
def test_nothing_is_left_after_a_failing_hook(notes: Project, hook: str) -> None:
    before = Machine.now(docker=False)
    notes.write("features/e.feature", FEATURE.format(step=ENDINGS["success"].format(k='"k"')))
    arguments = "context" if hook.endswith("all") else "context, thing"
    ours = f"    hooks.{hook}({arguments})\n" if hook.startswith("before") else ""
    notes.write(
        "environment.py",
        "from truestep import hooks\nfrom truestep.hooks import *\n\n"
        f"def {hook}({arguments}):\n{ours}    raise RuntimeError('the hook fails')\n",
    )
    run = notes.behave("features/e.feature")
    assert run.code == 1, run.out + run.err
    assert "the hook fails" in run.out
    assert_as_before(before, "embedded", within_s=0.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_a_signal(
    notes: Project, backend: str, number: signal.Signals
) -> None:
    before = Machine.now(docker=backend == "docker")
    notes.write("steps/blocking.py", BLOCKING)
    notes.write("features/e.feature", FEATURE.format(step="When it never ends"))
    process = notes.start("features/e.feature", "-D", f"backend={backend}")
    try:
        reached = notes.folder / "reached"
        eventually(reached.exists, equal_to(True), what="the blocking step", within_s=120)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == (-number if number == signal.SIGKILL else 1), out + err
    limit_s = 30.0 if backend == "docker" else 2.0
    assert_as_before(before, backend, within_s=limit_s)


def test_nothing_is_left_when_the_run_is_ended_while_servers_start(notes: Project) -> None:
    before = Machine.now(docker=False)
    notes.write("features/e.feature", FEATURE.format(step="When it never ends"))
    notes.write("steps/blocking.py", BLOCKING)
    process = notes.start("features/e.feature")
    try:
        eventually(
            lambda: Machine.now(docker=False) != before,
            equal_to(True),
            what="a server that starts",
            within_s=60,
        )
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert_as_before(before, "embedded", within_s=2.0)


def test_folder_of_a_run_is_private_and_outside_the_project(notes: Project) -> None:
    notes.write("features/e.feature", FEATURE.format(step="When the folders are noted"))
    notes.write(
        "steps/noting.py",
        "import glob, os, tempfile\nfrom behave import when\n\n"
        "@when('the folders are noted')\ndef note(context):\n"
        "    for path in glob.glob(tempfile.gettempdir() + '/truestep-*'):\n"
        "        print('mode', oct(os.stat(path).st_mode & 0o777))\n",
    )
    run = notes.behave("--no-capture", "features/e.feature")
    assert run.code == 0, run.out + run.err
    modes = [line.split()[1] for line in run.out.splitlines() if line.strip().startswith("mode")]
    # Root's servers run as another user, who may pass through but not look around.
    assert modes
    assert set(modes) <= {"0o700", "0o711"}
    assert {path.name for path in notes.folder.iterdir()} <= {
        *("behave.ini", "environment.py", "features", "notes.sql", "steps"),
        *("reports", "__pycache__"),
    }
