"""Services that outlive a run: `up` starts them, runs use them, `down` stops them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from hamcrest import equal_to

from tests.machine import docker, lives
from tests.project import Project, Run
from tests.unit.test_cli import truestep
from truestep.polling import eventually

REDIS = ("--tags=@redis", "features/notes.feature")


@dataclass(frozen=True)
class Keeping:
    """A project whose kept services are told of in a folder of the test's own."""

    project: Project
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"XDG_STATE_HOME": str(self.state)}

    def truestep(self, *arguments: str) -> Run:
        return truestep(*arguments, folder=self.project.folder, environment=self.environment)

    def behave(self, *arguments: str) -> Run:
        run = self.project.behave(*arguments, *REDIS, environment=self.environment)
        assert run.code == 0, run.out + run.err
        return run

    def kept(self) -> dict[str, Any]:
        """What is told of Redis."""
        [file] = self.state.rglob("redis.json")
        told: dict[str, Any] = json.loads(file.read_text())
        return told

    def server(self) -> psutil.Process:
        """The Redis that is kept."""
        [server] = [
            child
            for child in psutil.Process(self.kept()["pid"]).children()
            if "redis-server" in child.name() or "valkey" in child.name()
        ]
        return server

    def keepers(self) -> list[psutil.Process]:
        """All keepers that tell of their services in this folder."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if "truestep.keeping.keeper" in process.cmdline() and (
                    process.environ().get("XDG_STATE_HOME") == str(self.state)
                ):
                    found.append(process)
        return found


@pytest.fixture
def keeping(notes: Project, tmp_path: Path) -> Iterator[Keeping]:
    one = Keeping(notes, tmp_path / "state")
    yield one
    one.truestep("down")


def test_a_kept_service_is_used_by_runs_until_it_is_taken_down(keeping: Keeping) -> None:
    up = keeping.truestep("up", "redis")
    assert (up.code, up.err) == (0, "")
    assert re.fullmatch(
        r"  redis     \S+ +[\d.]+ s +embedded  asked for by \[truestep\] backend in behave.ini\n",
        up.out,
    )
    server = keeping.server()
    for _ in range(2):
        run = keeping.behave()
        assert re.search(
            r"^  redis     \S+ +[\d.]+ s +embedded  kept by truestep up$", run.err, re.MULTILINE
        )
        assert lives(server)
    down = keeping.truestep("down")
    assert (down.code, down.out, down.err) == (0, "  redis     stopped\n", "")
    assert not lives(server)
    assert keeping.keepers() == []
    assert "kept by" not in keeping.behave().err
    again = keeping.truestep("down")
    assert again.out == f"truestep: nothing is kept for {keeping.project.folder}\n"


def test_what_is_told_of_a_kept_service_is_private(keeping: Keeping) -> None:
    keeping.truestep("up", "redis")
    [file] = keeping.state.rglob("redis.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    password = re.search(r":(\w+)@", keeping.kept()["endpoint"]["url"])
    assert password
    everyone = psutil.process_iter(["cmdline"])
    assert not [one for one in everyone if password[1] in " ".join(one.info["cmdline"] or ())]


def test_a_kept_service_with_other_settings_is_not_used_and_says_so(keeping: Keeping) -> None:
    keeping.truestep("up", "redis")
    run = keeping.behave("-D", "redis.databases=32")
    assert (
        "truestep: the kept redis is not used: it was started with other settings, "
        "or by another version; python -m truestep down\n"
    ) in run.err
    assert "kept by" not in run.err


def test_another_project_does_not_find_it(keeping: Keeping, tmp_path: Path) -> None:
    keeping.truestep("up", "redis")
    other = Keeping(Project.of("notes", tmp_path / "other"), keeping.state)
    assert "kept by" not in other.behave().err
    assert other.truestep("down").out == f"truestep: nothing is kept for {other.project.folder}\n"
    assert lives(keeping.server())


def test_up_leaves_what_is_kept_and_replaces_what_has_other_settings(keeping: Keeping) -> None:
    keeping.truestep("up", "redis")
    first = keeping.server()
    again = keeping.truestep("up", "redis")
    assert re.fullmatch(r"  redis     \S+ +kept already  embedded\n", again.out)
    assert keeping.server() == first
    other = keeping.truestep("up", "redis", "-D", "redis.databases=32")
    assert (other.code, "kept already" in other.out) == (0, False)
    assert other.out.splitlines()[0] == (
        "truestep: the kept redis goes: it was started with other settings, or by another version"
    )
    assert not lives(first)
    assert "kept by truestep up" in keeping.behave("-D", "redis.databases=32").err


def test_a_killed_keeper_takes_its_server_along_and_is_not_asked_again(keeping: Keeping) -> None:
    keeping.truestep("up", "redis")
    server = keeping.server()
    psutil.Process(keeping.kept()["pid"]).kill()
    assert "kept by" not in keeping.behave().err
    eventually(lambda: lives(server), equal_to(False), what="whether it runs", within_s=20)


def test_a_keeper_goes_when_its_server_has_died(keeping: Keeping) -> None:
    keeping.truestep("up", "redis")
    keeper = psutil.Process(keeping.kept()["pid"])
    keeping.server().kill()
    eventually(lambda: lives(keeper), equal_to(False), what="whether it runs", within_s=20)
    assert list(keeping.state.rglob("*.json")) == []


def test_a_server_that_is_taken_away_during_a_run_is_told_of(keeping: Keeping) -> None:
    keeping.project.write(
        "steps/away_steps.py",
        """\
import subprocess, sys
from behave import when

@when("somebody takes the services down")
def take_down(context):
    subprocess.run([sys.executable, "-m", "truestep", "down"], check=True)
""",
    )
    keeping.project.write(
        "features/notes.feature",
        """\
@redis
Feature: Away
  Scenario: It is away
    When somebody takes the services down
    Then the key "draft" does not exist
""",
    )
    keeping.truestep("up", "redis")
    run = keeping.project.behave(*REDIS, environment=keeping.environment)
    assert run.code == 1
    assert "redis (embedded) died during the run: it was stopped, or its keeper has died" in run.out


def test_a_kept_server_is_not_frozen_and_the_scenario_says_so(keeping: Keeping) -> None:
    keeping.project.write(
        "steps/frozen_steps.py",
        """\
from behave import when

@when("Redis does not answer")
def freeze(context):
    context.scope.pause("redis")
""",
    )
    keeping.project.write(
        "features/notes.feature",
        "@redis\nFeature: Away\n  Scenario: It is away\n    When Redis does not answer\n",
    )
    keeping.truestep("up", "redis")
    run = keeping.project.behave(*REDIS, environment=keeping.environment)
    assert (
        "redis cannot be taken away in this scenario: it was not started by this run\n"
        "  Looked at: redis (embedded), kept by truestep up\n"
        "  Try: let the run start it: python -m truestep down"
    ) in run.out.replace("\n    ", "\n")


def test_reuse_keeps_nothing_beside_a_service_that_is_kept_with_other_settings(
    keeping: Keeping,
) -> None:
    keeping.behave("-D", "reuse=yes")
    server = keeping.server()
    run = keeping.behave("-D", "reuse=yes", "-D", "redis.databases=32")
    assert "the kept redis is not used: it was started with other settings" in run.err
    assert lives(server)
    assert keeping.truestep("down").out == "  redis     stopped\n"
    assert keeping.keepers() == []


def test_ctrl_c_ends_what_up_has_begun(
    keeping: Keeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    server = tmp_path / "bin" / "redis-server"
    server.parent.mkdir()
    server.write_text(f"#!/bin/sh\ntouch {begun}\nexec tail -f /dev/null\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{server.parent}:/usr/bin:/bin")
    up = subprocess.Popen(
        [sys.executable, "-m", "truestep", "up", "redis"],
        cwd=keeping.project.folder,
        env={**os.environ, **keeping.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    eventually(begun.exists, equal_to(True), what="whether the server runs", within_s=30)
    # As a terminal does: all that `up` has started gets it, too.
    os.killpg(up.pid, signal.SIGINT)
    out, _ = up.communicate()
    assert (up.returncode, out.splitlines()) == (
        130,
        [
            "truestep: broken off; what is ready stays: python -m truestep down",
            "truestep: interrupted",
        ],
    )
    eventually(keeping.keepers, equal_to([]), what="the keepers", within_s=20)


def test_reuse_leaves_what_a_run_has_started_to_the_next_one(keeping: Keeping) -> None:
    first = keeping.behave("-D", "reuse=yes")
    assert "asked for by [truestep] backend in behave.ini" in first.err
    server = keeping.server()
    assert "kept by truestep up" in keeping.behave("-D", "reuse=yes").err
    assert keeping.server() == server
    # A keeper starts its service itself, whatever the settings say: it has no keeper do so.
    assert len(keeping.keepers()) == 1
    assert keeping.truestep("down").out == "  redis     stopped\n"
    assert not lives(server)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("up", "reddis"),
            (
                "the service 'reddis' cannot be kept: the nearest that can is 'redis'\n"
                "  Looked at: the command line\n"
                "  Try: use one of postgres, redis, kafka\n"
            ),
        ),
        (
            ("up", "redis", "-D", "redis.url=redis://127.0.0.1:9/0"),
            (
                "redis cannot be kept: a URL says where it is: it is not Truestep that starts it\n"
                "  Looked at: -D redis.url=redis://127.0.0.1:9/0\n"
                "  Try: leave its name out, or take the URL away\n"
            ),
        ),
        (
            ("down", "reddis"),
            (
                "the service 'reddis' cannot be kept: the nearest that can is 'redis'\n"
                "  Looked at: the command line\n"
                "  Try: use one of postgres, redis, kafka\n"
            ),
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(
    keeping: Keeping, arguments: tuple[str, ...], error: str
) -> None:
    run = keeping.truestep(*arguments)
    assert (run.code, run.out, run.err) == (1, "", error)


@pytest.mark.parametrize(
    ("variable", "error"),
    [
        (
            "TMPDIR",
            (
                "a service cannot be kept here:"
                " its keeper cannot have a socket: AF_UNIX path too long\n"
                "  Looked at: {folder}\n"
                "  Try: set TMPDIR to a folder that can be written, with a short path\n"
            ),
        ),
        (
            "XDG_STATE_HOME",
            (
                "redis cannot be kept:"
                " what there is to tell of it cannot be written: Not a directory\n"
                "  Looked at: {folder}/truestep/kept/{digest}\n"
                "  Try: mend that, or name another folder: XDG_STATE_HOME\n"
            ),
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(
    keeping: Keeping, tmp_path: Path, variable: str, error: str
) -> None:
    folder = tmp_path / ("long" * 30)
    if variable == "TMPDIR":
        folder.mkdir()
    else:
        folder.touch()
    digest = hashlib.sha256(str(keeping.project.folder.resolve()).encode()).hexdigest()[:16]
    environment = {**keeping.environment, variable: str(folder)}
    run = truestep("up", "redis", folder=keeping.project.folder, environment=environment)
    assert (run.code, run.out) == (1, "")
    assert run.err == error.format(folder=folder, digest=digest)


def test_a_service_that_does_not_start_is_told_with_its_log(
    keeping: Keeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "bin" / "redis-server"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\necho 'Bad directive'\nexit 3\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{server.parent}:/usr/bin:/bin")
    run = keeping.truestep("up", "redis")
    assert (run.code, run.out) == (1, "")
    assert run.err == (
        "redis (embedded) did not start: exited with code 3\n"
        "  Looked at: its last log lines:\nBad directive\n"
        "  Try: mend what the log says, or see: python -m truestep doctor\n"
    )
    assert list(keeping.state.rglob("*.json")) == []


def test_an_error_that_nobody_has_thought_of_is_shown(keeping: Keeping, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "redis.py").write_text("raise RuntimeError('half an installation')\n")
    environment = {**keeping.environment, "PYTHONPATH": str(tmp_path / "broken")}
    run = truestep("up", "redis", folder=keeping.project.folder, environment=environment)
    assert (run.code, run.out) == (1, "")
    assert "\nRuntimeError: half an installation\n" in run.err
    assert run.err.endswith(
        "redis (embedded) could not be kept: its keeper has ended\n"
        "  Looked at: what it printed above\n"
        "  Try: mend that, and try again\n"
    )


@pytest.mark.docker
def test_a_container_is_kept_too(keeping: Keeping) -> None:
    assert keeping.truestep("up", "redis", "-D", "backend=docker").code == 0
    port = keeping.kept()["endpoint"]["port"]
    run = keeping.behave("-D", "backend=docker")
    assert re.search(r"^  redis .* docker +kept by truestep up$", run.err, re.MULTILINE)
    assert _container(port)
    keeping.truestep("down")
    assert not _container(port)


def _container(port: int) -> bool:
    return f"127.0.0.1:{port}->" in docker("ps", "--format", "{{.Ports}}")
