"""Local processes: started, watched, stopped with their children; and the reaper behind them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hamcrest import contains_string, empty, equal_to, has_length, not_none

from tests.machine import lives, taken_port
from truestep.errors import BackendUnavailableError, ServiceError
from truestep.polling import eventually
from truestep.services.processes import ServerProcess, free_port, refuse_taken_port
from truestep.workspace import OWNER_VARIABLE, Workspace

WAIT = "import signal; print('ready', flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"
PARENT = (
    "import subprocess, sys;"
    f"child = subprocess.Popen([sys.executable, '-c', {WAIT!r}]);"
    "print('child', child.pid, flush=True); child.wait()"
)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace()
    yield workspace
    workspace.close()


def test_a_process_lives_until_it_is_stopped(workspace: Workspace) -> None:
    process = _python(workspace, WAIT)
    assert process.death() == "it was not started"
    process.start()
    eventually(process.log_tail, equal_to("ready"), what="the log")
    assert process.death() is None
    process.stop()
    assert process.death() == "killed by SIGTERM"
    assert process.pid is not None
    assert not psutil.pid_exists(process.pid)


def test_a_process_that_ends_by_itself_says_how(workspace: Workspace) -> None:
    process = _python(workspace, "print('one'); print('two'); raise SystemExit(3)")
    process.start()
    eventually(process.death, not_none(), what="its end")
    assert process.death() == "exited with code 3"
    assert process.log_tail(lines=1) == "two"
    assert process.log_text() == "one\ntwo\n"


def test_a_process_that_does_not_listen_is_killed(workspace: Workspace) -> None:
    process = _python(workspace, DEAF, stop_within_s=0.1)
    process.start()
    eventually(process.log_tail, equal_to("ready"), what="the log")
    process.stop()
    assert process.death() == "killed by SIGKILL"


def test_children_go_with_their_parent(workspace: Workspace) -> None:
    process = _python(workspace, PARENT)
    process.start()
    eventually(process.log_tail, contains_string("ready"), what="the log")
    child = psutil.Process(int(process.log_text().split()[1]))
    process.stop()
    eventually(lambda: lives(child), equal_to(False), what="whether its child runs")


def test_stop_before_start_and_twice_does_nothing(workspace: Workspace) -> None:
    process = _python(workspace, WAIT)
    process.stop()
    process.start()
    process.stop()
    process.stop()


def test_a_program_that_is_not_there_is_a_clear_error(workspace: Workspace) -> None:
    process = ServerProcess(
        "redis", ["/nowhere/redis-server"], workspace=workspace, log=workspace.root / "log"
    )
    with pytest.raises(ServiceError) as error:
        process.start()
    assert str(error.value) == (
        "redis (embedded) could not be started: No such file or directory\n"
        "  Looked at: /nowhere/redis-server\n"
        "  Try: check that this program can be run here: python -m truestep doctor"
    )


def test_of_the_users_environment_only_what_a_server_needs_is_passed_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "env-s3cret")
    process = _python(
        workspace, "import os; print('SOME_TOKEN' in os.environ, 'PATH' in os.environ)"
    )
    process.start()
    eventually(process.log_tail, equal_to("False True"), what="the log")
    process.stop()


def test_a_taken_port_is_refused_and_a_free_one_is_not() -> None:
    with taken_port() as port, pytest.raises(BackendUnavailableError) as error:
        refuse_taken_port("redis", port)
    assert error.value.what == f"redis cannot have the port {port}"
    assert error.value.seen == "Address already in use"
    refuse_taken_port("redis", free_port())


def test_a_workspace_is_private_and_gone_when_it_is_closed() -> None:
    workspace = Workspace()
    root = workspace.root
    one, other = workspace.folder("redis"), workspace.folder("redis")
    assert one != other
    assert one.parent == root
    others = stat.S_IMODE(root.stat().st_mode) & 0o077
    assert others == (0o011 if os.geteuid() == 0 else 0)
    # Its program is there a moment after its process.
    eventually(lambda: _processes_of(root), has_length(1), what="the reaper")
    workspace.close()
    workspace.close()
    assert not root.exists()
    eventually(lambda: _processes_of(root), empty(), what="the reaper's end")


def test_a_workspace_that_nobody_asked_for_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", None)
    Workspace().close()


@pytest.mark.parametrize("names_folder", [True, False], ids=["by argument", "by environment"])
def test_after_a_kill_servers_and_folder_are_gone_within_two_seconds(names_folder: bool) -> None:
    script = (
        "import sys, os, signal\n"
        "from truestep.workspace import Workspace\n"
        "from truestep.services.processes import ServerProcess\n"
        "workspace = Workspace()\n"
        f"argv = [sys.executable, '-c', {DEAF!r}] + [str(workspace.root)] * {int(names_folder)}\n"
        f"environment = {{}} if {not names_folder} else {{{OWNER_VARIABLE!r}: ''}}\n"
        "server = ServerProcess('s', argv, workspace=workspace, log=workspace.root / 'log')\n"
        "server._environment |= environment\n"
        "server.start()\n"
        "print(workspace.root, server.pid, flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder, pid = run.stdout.readline().split()
        server = psutil.Process(int(pid))
        run.send_signal(signal.SIGKILL)
        run.wait()
        eventually(lambda: lives(server), equal_to(False), what="whether it runs", within_s=2)
    eventually(lambda: Path(folder).exists(), equal_to(False), what="the folder's end", within_s=2)


def _python(workspace: Workspace, code: str, stop_within_s: float = 5.0) -> ServerProcess:
    return ServerProcess(
        "a server",
        [sys.executable, "-c", code],
        workspace=workspace,
        log=workspace.folder("server") / "log",
        stop_within_s=stop_within_s,
    )


def _processes_of(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in (process.info["cmdline"] or [])
    ]


def test_no_port_is_given_twice() -> None:
    given = [free_port() for _ in range(1000)]
    assert len(set(given)) == len(given)
