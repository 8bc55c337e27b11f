"""A run imports only what it uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project


def test_http_steps_import_no_http_library_before_a_request_is_made() -> None:
    code = (
        "import sys, truestep.hooks, truestep.steps.http\n"
        "print(sorted({'httpx', 'jsonschema', 'jsonpath', 'testcontainers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_runner_and_the_hooks_import_nothing_that_makes_the_report() -> None:
    code = (
        "import sys, truestep.runner.runner, truestep.hooks\n"
        "print(sorted({'jinja2', 'markdown_it', 'httpx', 'kafka', 'redis'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


LOOKS = """\
import sys
from behave import given

@given("the libraries that are loaded are noted")
def note(context):
    asked = {"docker", "httpx", "kafka", "psutil", "psycopg2", "redis", "requests",
             "testcontainers"}
    print("LOADED:", *sorted(asked & sys.modules.keys()))
    assert False
"""
FEATURE = """\
Feature: Libraries
  {tag}
  Scenario: What is loaded when the first scenario begins
    Given the libraries that are loaded are noted
"""


@pytest.mark.parametrize(
    ("tag", "loaded"),
    [("@fast", ""), ("@redis", "redis"), ("@postgres", "psycopg2")],
    ids=["none", "redis", "postgres"],
)
def test_a_run_has_loaded_no_library_of_a_service_that_it_does_not_need(
    tmp_path: Path, tag: str, loaded: str
) -> None:
    notes = Project.of("notes", tmp_path)
    notes.write("steps/looks_steps.py", LOOKS)
    notes.write("features/notes.feature", FEATURE.format(tag=tag))
    run = notes.behave("--no-capture", "-D", "backend=embedded", "-r", "truestep.runner:Runner")
    assert f"LOADED: {loaded}".strip() in [line.strip() for line in run.out.splitlines()], run.out
