"""A run imports only what it uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project


@pytest.mark.parametrize(
    ("modules", "kept_away"),
    [
        # Before a request is made.
        ("truestep.hooks, truestep.steps.http", "httpx jsonschema jsonpath testcontainers"),
        # Before the report is.
        ("truestep.runner.runner, truestep.hooks", "jinja2 markdown_it httpx kafka redis"),
    ],
    ids=["http steps", "runner and hooks"],
)
def test_what_is_needed_late_is_not_imported_early(modules: str, kept_away: str) -> None:
    code = f"import sys, {modules}\nprint(sorted({{*{kept_away.split()}}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("truestep.hooks", {"importlib.metadata", "multiprocessing", "hamcrest"}),
        # What compares tables is for steps about tables.
        ("truestep.services.postgres.isolation", {"hamcrest", "redis", "kafka"}),
        ("truestep.services.redis.isolation", {"hamcrest", "psycopg2", "kafka"}),
        ("truestep.services.kafka.isolation", {"hamcrest", "psycopg2", "redis"}),
    ],
)
def test_what_a_run_begins_with_imports_nothing_that_a_scenario_may_not_use(
    module: str, unused: set[str]
) -> None:
    code = f"import sys, {module}\nprint(sorted({unused} & sys.modules.keys()))"
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
