"""Docker that is insisted on and not to be had is refused, each case in its own words."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviour.test_bad_input import refusal
from tests.machine import refusing_port
from tests.project import Project, Run
from tests.unit.test_cli import truestep

INSIST = ("-D", "backend=docker", "--tags=@redis")


def test_absent_engine_is_refused(notes: Project, tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/no.sock"
    assert refusal(notes.behave(*INSIST, environment={"DOCKER_HOST": host})) == (
        "BackendUnavailableError: redis was asked to run in docker: "
        "no Docker engine is installed or running\n"
        f"  Looked at: DOCKER_HOST={host}\n"
        "  Try: start Docker, or use -D backend=embedded, which needs none"
    )


def test_unreachable_engine_is_refused(notes: Project) -> None:
    with refusing_port() as port:
        host = f"tcp://127.0.0.1:{port}"
        assert refusal(notes.behave(*INSIST, environment={"DOCKER_HOST": host})) == (
            "BackendUnavailableError: redis was asked to run in docker: "
            "the Docker engine cannot be reached\n"
            f"  Looked at: DOCKER_HOST={host}\n"
            "  Try: start Docker, or use -D backend=embedded, which needs none"
        )


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="root needs setpriv to lose rights"
)
def test_engine_without_permission_is_refused(notes: Project, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as engine:
        path = tmp_path / "docker.sock"
        engine.bind(str(path))
        engine.listen()
        path.chmod(0)
        host = f"unix://{path}"
        # Root may write to any socket unless it gives that right up.
        less = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
        command = [*(less if os.geteuid() == 0 else []), sys.executable, "-m", "behave", *INSIST]
        done = subprocess.run(
            command,
            cwd=notes.folder,
            env={**os.environ, "DOCKER_HOST": host},
            capture_output=True,
            text=True,
            check=False,
        )
    assert refusal(Run(done.returncode, done.stdout, done.stderr)) == (
        "BackendUnavailableError: redis was asked to run in docker: "
        "this user has no permission to use the Docker engine\n"
        f"  Looked at: DOCKER_HOST={host}\n"
        "  Try: start Docker, or use -D backend=embedded, which needs none"
    )


@pytest.mark.docker
def test_image_that_does_not_exist_is_refused(notes: Project) -> None:
    text = refusal(notes.behave(*INSIST, "-D", "redis.image=redis:no-such-version"))
    assert text.startswith(
        "BackendUnavailableError: the image redis:no-such-version of redis could not be pulled: "
    )
    assert text.endswith(
        "Looked at: the Docker engine's images, then the registry in the image's name\n"
        "  Try: check the name in redis.image, and the network"
    )


@pytest.mark.docker
def test_images_have_the_prefix_that_testcontainers_is_told(notes: Project) -> None:
    prefix = {"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX": "mirror.invalid/"}
    auto = ("doctor", "-D", "backend=auto")
    doctor = truestep(*auto, folder=notes.folder, environment=prefix)
    assert (
        "redis      embedded: the image mirror.invalid/redis:7-alpine is not here yet\n"
    ) in doctor.out


@pytest.mark.docker
def test_auto_uses_docker_only_when_the_image_is_already_there(notes: Project) -> None:
    run = notes.behave("-D", "backend=auto", "--tags=@redis")
    assert run.code == 0, run.out + run.err
    assert "docker    a Docker engine has its image" in run.err
    run = notes.behave("-D", "backend=auto", "-D", "redis.image=redis:never", "--tags=@redis")
    assert run.code == 0, run.out + run.err
    assert "embedded  the image redis:never is not here yet" in run.err
