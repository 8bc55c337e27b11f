"""However a run ends, nothing of it is left: no process, folder, container, network, volume."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hamcrest import empty, equal_to, is_not

from tests.machine import docker
from tests.project import Project
from truestep.polling import eventually

BLOCKING = """\
from pathlib import Path

from behave import when
from hamcrest import equal_to
from truestep.polling import eventually


@when("it never ends")
def never_ends(context):
    Path("reached").write_text("the step")
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
    Given what the run has made in docker is noted
    {step}
"""
# testcontainers labels all that it makes with its session; a volume without a name has no label.
NOTING = """\
import subprocess
from pathlib import Path

from behave import given
from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True).stdout


@given("what the run has made in docker is noted")
def note(context):
    label = f"label={LABEL_SESSION_ID}={SESSION_ID}"
    containers = docker("ps", "-aq", "--no-trunc", "--filter", label).split()
    mounts = "{{range .Mounts}}{{.Name}} {{end}}"
    volumes = docker("inspect", "--format", mounts, *containers).split() if containers else []
    Path("made").write_text("\\n".join([label, *containers, *volumes]))
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
    """What a run may leave on the machine; its temporary folders are made in `temporary`."""

    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the run is given to use that folder."""
        return {"TMPDIR": str(self.temporary)}

    def now(self, made: Path | None = None) -> dict[str, list[str]]:
        """Returns what is there, by kind; in docker, of what the run has noted in `made`."""
        label, *known = made.read_text().split() if made and made.exists() else [""]
        there: list[str] = []
        if label:
            there = _docker("ps", "-aq", "--filter", label)
            there += _docker("network", "ls", "-q", "--filter", label)
            everything = _docker("ps", "-aq", "--no-trunc") + _docker("volume", "ls", "-q")
            there += [one for one in known if one in everything]
        return {
            "processes": sorted(self._processes()),
            "folders": sorted(str(path) for path in self.temporary.iterdir()),
            "docker": there,
        }

    def _processes(self) -> Iterator[str]:
        """Local servers and reapers: each has the folder of the run in its arguments.

        A port is open only as long as its process, so this answers for the ports too.
        """
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if any(str(self.temporary) in argument for argument in process.cmdline()):
                    yield f"{process.pid} {process.name()}"


def _docker(*arguments: str) -> list[str]:
    return sorted(docker(*arguments).split())


@pytest.fixture(params=["embedded", pytest.param("docker", marks=pytest.mark.docker)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def temporary() -> Iterator[Path]:
    # Not pytest's folder: root's PostgreSQL runs as another user, who cannot pass through that.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def machine(temporary: Path) -> Machine:
    return Machine(temporary)


def assert_nothing_left(machine: Machine, notes: Project, *, within_s: float = 0.0) -> None:
    made = notes.folder / "made"
    # testcontainers' reaper removes containers, and itself, some seconds after the run.
    patience_s = 40.0 if made.exists() and len(made.read_text().split()) > 1 else within_s
    eventually(
        lambda: machine.now(made),
        equal_to({"processes": [], "folders": [], "docker": []}),
        what="a machine with nothing left of the run",
        within_s=patience_s,
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_after_a_run(
    notes: Project, backend: str, machine: Machine, ending: str
) -> None:
    notes.write("steps/noting.py", NOTING)
    notes.write("features/e.feature", FEATURE.format(step=ENDINGS[ending].format(k='"k"')))
    run = notes.behave(
        "features/e.feature", "-D", f"backend={backend}", environment=machine.environment
    )
    assert run.code == (0 if ending == "success" else 1), run.out + run.err
    assert_nothing_left(machine, notes)


@pytest.mark.parametrize("hook", FAILING_HOOKS)
def test_nothing_is_left_after_a_failing_hook(notes: Project, machine: Machine, hook: str) -> None:
    notes.write("steps/noting.py", NOTING)
    notes.write("features/e.feature", FEATURE.format(step=ENDINGS["success"].format(k='"k"')))
    arguments = "context" if hook.endswith("all") else "context, thing"
    ours = f"    hooks.{hook}({arguments})\n" if hook.startswith("before") else ""
    notes.write(
        "environment.py",
        "from truestep import hooks\nfrom truestep.hooks import *\n\n"
        f"def {hook}({arguments}):\n{ours}    raise RuntimeError('the hook fails')\n",
    )
    run = notes.behave("features/e.feature", environment=machine.environment)
    assert run.code == 1, run.out + run.err
    assert "the hook fails" in run.out
    assert_nothing_left(machine, notes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_a_signal(
    notes: Project, backend: str, machine: Machine, number: signal.Signals
) -> None:
    notes.write("steps/blocking.py", BLOCKING)
    notes.write("steps/noting.py", NOTING)
    notes.write("features/e.feature", FEATURE.format(step="When it never ends"))
    arguments = ("features/e.feature", "-D", f"backend={backend}")
    with notes.running(*arguments, environment=machine.environment) as process:
        notes.wait_for("reached")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == (-number if number == signal.SIGKILL else 1), out + err
    assert_nothing_left(machine, notes, within_s=2.0)


def test_nothing_is_left_when_the_run_is_ended_while_servers_start(
    notes: Project, machine: Machine
) -> None:
    notes.write("steps/noting.py", NOTING)
    notes.write("features/e.feature", FEATURE.format(step="When it never ends"))
    notes.write("steps/blocking.py", BLOCKING)
    with notes.running("features/e.feature", environment=machine.environment) as process:
        eventually(
            lambda: machine.now()["processes"],
            is_not(empty()),
            what="a server that starts",
            within_s=60,
        )
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert_nothing_left(machine, notes, within_s=2.0)


def test_folder_of_a_run_is_private_and_outside_the_project(
    notes: Project, machine: Machine
) -> None:
    notes.write("steps/noting.py", NOTING)
    notes.write("features/e.feature", FEATURE.format(step="When the folders are noted"))
    notes.write(
        "steps/modes.py",
        "import glob, os, tempfile\nfrom behave import when\n\n"
        "@when('the folders are noted')\ndef note(context):\n"
        "    for path in glob.glob(tempfile.gettempdir() + '/truestep-*'):\n"
        "        print('mode', oct(os.stat(path).st_mode & 0o777))\n",
    )
    run = notes.behave("--no-capture", "features/e.feature", environment=machine.environment)
    assert run.code == 0, run.out + run.err
    modes = [line.split()[1] for line in run.out.splitlines() if line.strip().startswith("mode")]
    # Root's servers run as another user, who may pass through but not look around.
    assert modes
    assert set(modes) <= {"0o700", "0o711"}
    assert {path.name for path in notes.folder.iterdir()} <= {
        *("behave.ini", "environment.py", "features", "notes.sql", "steps"),
        *("made", "reports", "__pycache__"),
    }
