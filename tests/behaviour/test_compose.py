"""An application with its stack in docker compose: brought up, looked into, always taken down."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hamcrest import equal_to

from tests.behaviour.test_bad_input import refusal
from tests.machine import docker, taken_port
from tests.project import Project
from truestep.polling import eventually

pytestmark = pytest.mark.docker

CACHE = """\
  cache:
    image: redis:7-alpine
    ports: ["127.0.0.1:${CACHE_PORT:-6379}:6379"]
"""
APP = """\
services:
  app:
    image: redis:7-alpine
    ports: ["127.0.0.1:${APP_PORT:-8000}:8000"]
"""


@dataclass(frozen=True)
class Stack:
    """The sample project `stack`; its application has a name of its own, to find what is left."""

    project: Project
    name: str

    def compose(self, text: str) -> None:
        """Replaces the compose file."""
        self.project.write("compose.yml", text)

    def shown(self, text: str) -> str:
        """Text with the name that all tests have in common, and without the run's own."""
        text = text.replace(self.name, "web").replace(str(self.project.folder), "FOLDER")
        text = re.sub(r"truestep-[0-9a-f]{6}-web", "truestep-RUN-web", text)
        return re.sub(r"endpoint (\S+) \(\w+\)", r"endpoint \1", text)

    def error(self) -> str:
        """The error of a run whose stack does not come up."""
        run = self.project.behave()
        assert run.code == 1, run.out + run.err
        assert "Traceback" not in run.out + run.err
        _, _, text = self.shown(run.out).partition("HOOK-ERROR in before_scenario: ")
        return text.partition("\n----")[0]

    def left(self) -> list[str]:
        """What Docker has of it."""
        kinds = {
            "container": ("ps", "--all", "--format", "{{.Names}}"),
            "network": ("network", "ls", "--format", "{{.Name}}"),
            "volume": ("volume", "ls", "--format", "{{.Name}}"),
            "image": ("image", "ls", "--format", "{{.Repository}}"),
        }
        return [
            f"{kind} {name}"
            for kind, command in kinds.items()
            for name in docker(*command).split()
            if self.name in name
        ]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """The sample project; nothing of its stack may be left when the test ends."""
    name = f"web{secrets.token_hex(4)}"
    project = Project.of("stack", tmp_path)
    for path in ("behave.ini", "features/visits.feature"):
        file = project.folder / path
        file.write_text(re.sub(r"\bweb\b", name, file.read_text()))
    stack = Stack(project, name)
    yield stack
    # testcontainers' reaper needs some seconds after a run that was killed.
    eventually(stack.left, equal_to([]), what="what is left of the stack", within_s=40)


def test_stack_is_brought_up_reset_for_each_scenario_and_taken_down(stack: Stack) -> None:
    run = stack.project.behave()
    assert run.summary == "3 scenarios passed, 0 failed, 0 skipped", run.out + run.err
    assert stack.left() == []
    log = (stack.project.folder / "reports" / "logs" / f"{stack.name}.log").read_text()
    assert re.search(r"^app-1 +\| at your service$", log, re.MULTILINE), log
    assert re.search(r"^cache-1 +\| .*Ready to accept connections", log, re.MULTILINE), log


def test_image_that_is_built_for_the_stack_is_removed_with_it(stack: Stack) -> None:
    stack.project.write("Dockerfile", "FROM python:3.13-slim\nCOPY app.py /app.py\n")
    compose = (stack.project.folder / "compose.yml").read_text()
    stack.compose(compose.replace("image: python:3.13-slim", "build: ."))
    run = stack.project.behave()
    assert run.code == 0, run.out + run.err
    assert stack.left() == []


def test_two_runs_of_one_stack_do_not_meet(stack: Stack) -> None:
    shared = {"COMPOSE_PROJECT_NAME": f"shared{stack.name}"}
    run = partial(stack.project.behave, environment=shared)
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(run) for _ in range(2)]
    for one in both:
        assert "3 scenarios passed, 0 failed" in one.result().out, one.result()
    assert stack.left() == []


def test_failed_scenario_shows_what_the_application_logged_since_it_began(stack: Stack) -> None:
    stack.project.write(
        "features/visits.feature",
        f"@{stack.name}\nFeature: Visits\n"
        '  Scenario: Well\n    When I GET "/early"\n'
        '  Scenario: Not\n    When I GET "/"\n    Then the answer has status 404\n',
    )
    run = stack.project.behave()
    assert run.summary == "1 scenario passed, 1 failed, 0 skipped"
    _, _, after_header = stack.shown(run.err).partition("behave.ini\n")
    assert after_header.startswith("truestep: web logged during features/visits.feature:5:\n")
    # Docker notes a line some milliseconds late: the scenario before may have its last one here.
    assert after_header.endswith(
        "    answered GET / HTTP/1.1\n"
        "  All of its log: reports/logs/web.log, once the stack is down\n"
    )
    assert "at your service" not in after_header


def test_application_that_dies_in_a_scenario_is_told_from_a_failed_expectation(
    stack: Stack,
) -> None:
    stack.project.write(
        "features/visits.feature",
        f'@{stack.name}\nFeature: Visits\n  Scenario: One\n    When I GET "/die"\n',
    )
    run = stack.project.behave()
    assert (
        "ServiceError: web (docker) died during the run: app exited with code 4\n"
        "  Looked at: its last log lines:\n"
        "at your service\n"
        "answered GET /health HTTP/1.1\n"
        "the end is near\n"
        "  Try: find in the log why it died; later scenarios that need it fail too"
    ) in stack.shown(run.out)


def test_container_that_exits_is_named_with_its_log(stack: Stack) -> None:
    command = '    command: [sh, -c, "echo there is no configuration; exit 3"]\n'
    stack.compose(f"{APP}    depends_on: [cache]\n{CACHE}{command}")
    assert stack.error() == (
        "ServiceError: the stack of web did not come up: cache exited with code 3\n"
        "  Looked at: the last log lines of\n"
        "cache:\n"
        "there is no configuration\n"
        "  Try: mend that; what had come up was taken down again"
    )


def test_container_that_others_wait_for_and_that_exits_is_named(stack: Stack) -> None:
    waits = "    depends_on: { cache: { condition: service_healthy } }\n"
    command = '    command: [sh, -c, "echo there is no configuration; exit 3"]\n'
    health = '    healthcheck: { test: [CMD, "true"], interval: 200ms }\n'
    stack.compose(f"{APP}{waits}{CACHE}{command}{health}")
    assert stack.error().startswith(
        "ServiceError: the stack of web did not come up: cache exited with code 3\n"
        "  Looked at: the last log lines of\n"
        "cache:\n"
        "there is no configuration\n"
    )


def test_unhealthy_container_is_named_with_its_log(stack: Stack) -> None:
    command = '    command: [sh, -c, "echo something is wrong; sleep 300"]\n'
    health = '    healthcheck: { test: [CMD, "false"], interval: 200ms, retries: 2 }\n'
    stack.compose(f"{APP}{CACHE}{command}{health}    stop_signal: SIGKILL\n")
    assert stack.error() == (
        "ServiceError: the stack of web did not come up: cache is unhealthy\n"
        "  Looked at: the last log lines of\n"
        "cache:\n"
        "something is wrong\n"
        "  Try: mend that; what had come up was taken down again"
    )


def test_container_that_takes_too_long_is_named_with_its_log(stack: Stack) -> None:
    command = '    command: [sh, -c, "echo still at it; sleep 300"]\n'
    health = '    healthcheck: { test: [CMD, "false"], interval: 200ms, retries: 9999 }\n'
    stack.compose(f"{APP}{CACHE}{command}{health}    stop_signal: SIGKILL\n")
    ini = stack.project.folder / "behave.ini"
    ini.write_text(f"{ini.read_text()}start_within_s = 3\n")
    assert stack.error() == (
        "ServiceError: the stack of web did not come up: after 3 s cache is starting\n"
        "  Looked at: the last log lines of\n"
        "cache:\n"
        "still at it\n"
        "  Try: mend that; what had come up was taken down again"
    )


def test_published_port_that_is_taken_is_named_with_what_to_write_instead(stack: Stack) -> None:
    with taken_port() as port:
        stack.compose(APP.replace("${APP_PORT:-8000}", str(port)) + CACHE)
        error = stack.error()
    assert error.startswith(
        "ServiceError: the stack of web did not come up: app could not be started: "
    )
    assert f"127.0.0.1:{port}" in error
    assert error.endswith(
        "  Looked at: compose.yml, from [service.web] compose in behave.ini\n"
        "  Try: publish it by a variable, which gets a free port: "
        '`ports: ["127.0.0.1:${APP_PORT:-8000}:8000"]`'
    )


def test_image_that_cannot_be_built_is_told_with_what_the_builder_said(stack: Stack) -> None:
    stack.project.write("Dockerfile", "FROM redis:7-alpine\nRUN no-such-program\n")
    stack.compose(APP.replace("image: redis:7-alpine", "build: .") + CACHE)
    error = stack.error()
    assert error.startswith("ServiceError: the stack of web did not come up: ")
    assert "no-such-program" in error


REFUSALS = {
    "text that is no YAML": (
        "services:\n  app:\n   - image: [\n",
        """SettingsError: the compose file of web is not valid: \
yaml: line 3: did not find expected node content
  Looked at: compose.yml
  Try: mend it there; it is read by: docker compose -f compose.yml config""",
    ),
    "a word that compose does not know": (
        APP.replace("image", "imge"),
        """SettingsError: the compose file of web is not valid: \
validating FOLDER/compose.yml: services.app Additional property imge is not allowed
  Looked at: compose.yml
  Try: mend it there; it is read by: docker compose -f compose.yml config""",
    ),
    "another name of the application": (
        APP.replace("app:", "application:") + CACHE,
        """SettingsError: there is no service 'app' in the compose file of web: \
the nearest is 'application'
  Looked at: compose.yml, for compose_service of web
  Try: use one of application, cache""",
    ),
    "a port that is not published": (
        APP.replace(":8000", ":9000") + CACHE,
        """SettingsError: web needs the port 8000 of app from outside: \
of its ports it publishes 9000
  Looked at: compose.yml, for compose_service of web
  Try: publish it: `ports: ["127.0.0.1:${APP_PORT:-8000}:8000"]`, or correct the setting""",
    ),
    "a service without a published port": (
        APP + CACHE.replace("ports", "expose").replace("127.0.0.1:${CACHE_PORT:-6379}:", ""),
        """SettingsError: web needs the port 6379 of cache from outside: \
of its ports it publishes none
  Looked at: compose.yml, for stack.redis of web
  Try: publish it: `ports: ["127.0.0.1:${CACHE_PORT:-6379}:6379"]`, or correct the setting""",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_compose_file_that_cannot_work_is_refused_before_anything_starts(
    stack: Stack, case: str
) -> None:
    text, expected = REFUSALS[case]
    stack.compose(text)
    assert stack.shown(refusal(stack.project.behave())) == expected


def test_compose_file_that_is_not_there_is_refused(stack: Stack) -> None:
    text = refusal(stack.project.behave("-D", f"{stack.name}.compose=nowhere.yml"))
    assert stack.shown(text) == (
        "SettingsError: the compose file of web is not there: nowhere.yml is no file\n"
        "  Looked at: -D web.compose=nowhere.yml\n"
        "  Try: correct the path; it starts from the folder that behave runs in"
    )


def test_need_whose_place_in_the_stack_is_not_said_is_refused(stack: Stack) -> None:
    ini = stack.project.folder / "behave.ini"
    ini.write_text(re.sub("^stack.redis.*\n", "", ini.read_text(), flags=re.MULTILINE))
    assert stack.shown(refusal(stack.project.behave())) == (
        "SettingsError: where redis is in the stack of web is not known: there is no stack.redis\n"
        "  Looked at: [service.web]\n"
        "  Try: add `stack.redis = …{container:port}…`, its URL from outside"
    )


def test_image_that_does_not_exist_is_refused_by_name(stack: Stack) -> None:
    stack.compose(APP + CACHE.replace("7-alpine", "no-such-version"))
    text = stack.shown(refusal(stack.project.behave()))
    assert text.startswith(
        "BackendUnavailableError: the image redis:no-such-version of cache in the stack of web "
        "could not be pulled: "
    )
    assert text.endswith(
        "\n  Looked at: the Docker engine's images, then the registry in the image's name\n"
        "  Try: check the name in compose.yml, and the network"
    )


def test_docker_without_compose_is_refused(stack: Stack, tmp_path: Path) -> None:
    real = shutil.which("docker")
    programs = tmp_path / "programs"
    programs.mkdir()
    # Docker as it is without the plugin.
    program = programs / "docker"
    refused = "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1"
    program.write_text(f'#!/bin/sh\n[ "$1" = compose ] && {{ {refused}; }}\nexec {real} "$@"\n')
    program.chmod(0o755)
    path = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    assert stack.shown(refusal(stack.project.behave(environment=path))) == (
        "BackendUnavailableError: web was asked to run in docker: "
        "docker has no `compose` command\n"
        "  Looked at: docker compose version\n"
        "  Try: install the compose v2 plugin of Docker, or use -D web.backend=embedded"
    )


def test_machine_without_the_docker_command_is_refused(stack: Stack, tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path)}
    assert stack.shown(refusal(stack.project.behave(environment=path))) == (
        "BackendUnavailableError: web was asked to run in docker: "
        "there is no `docker` command\n"
        "  Looked at: PATH\n"
        "  Try: install Docker's command line, or use -D web.backend=embedded"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stack_is_taken_down_when_the_run_is_ended_while_it_comes_up(
    stack: Stack, number: signal.Signals
) -> None:
    waits = "    depends_on: { cache: { condition: service_healthy } }\n"
    health = '    healthcheck: { test: [CMD, "false"], interval: 1s, retries: 9999 }\n'
    stack.compose(f"{APP}{waits}{CACHE}{health}")
    with stack.project.running() as process:
        eventually(
            lambda: any("cache" in one for one in stack.left()),
            equal_to(True),
            what="a container that is waited for",
            within_s=60,
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=25)
    assert process.returncode == (-number if number == signal.SIGKILL else 1), out + err
    if number != signal.SIGKILL:
        assert stack.left() == []
