"""What a run shows on a terminal only: how far its workers are, and colours."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project

BEHAVE = (sys.executable, "-m", "behave", "-r", "truestep.runner:Runner", "-f", "null")
STEPS = """\
from pathlib import Path

from behave import step


@step("the terminal has shown how far the run is")
def shown(context):
    # Whoever reads the terminal opens the other end when it has seen it.
    Path("shown").read_text()


@step("it fails")
def fails(context):
    assert False
"""
FEATURE = """\
Feature: Far
  Scenario: One that fails
    Given it fails
  Scenario: Another one
    Given the terminal has shown how far the run is
"""
TOLD = re.compile(
    r"\r\x1b\[Ktruestep: 1 of 2 scenarios done, 1 running, 1 failed, about \d+ s left"
)


def test_a_terminal_shows_how_far_the_workers_are(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("features/far.feature", FEATURE)
    project.write("features/steps/far_steps.py", STEPS)
    os.mkfifo(tmp_path / "shown")
    ours, its = pty.openpty()
    behave = subprocess.Popen(
        [*BEHAVE, "-j", "2", "-D", "timeout_s=20"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    told = _read_until(ours, TOLD)
    assert TOLD.search(told)
    (tmp_path / "shown").write_text("go on")
    told += _read_until(ours, None)
    os.close(ours)
    assert behave.wait() == 1
    # The last line of them was taken away.
    assert "scenarios done" not in told.rpartition("\r\x1b[K")[2]


@pytest.mark.parametrize(("no_color", "is_colored"), [("", True), ("1", False)])
def test_what_failed_is_red_on_a_terminal_that_may_have_colours(
    tmp_path: Path, no_color: str, is_colored: bool
) -> None:
    project = Project(tmp_path)
    project.write("features/far.feature", FEATURE)
    project.write("features/steps/far_steps.py", STEPS)
    ours, its = pty.openpty()
    behave = subprocess.Popen(
        [*BEHAVE, "--name", "One that fails"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": no_color},
        stdout=its,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(its)
    told = _read_until(ours, None)
    os.close(ours)
    assert behave.wait() == 1
    assert "features/far.feature:2" in told
    assert ("\x1b[31m" in told) is is_colored
    assert ("\x1b[" in told) is is_colored


def _read_until(terminal: int, pattern: re.Pattern[str] | None) -> str:
    """Returns what was written, up to the pattern or to the end."""
    text = ""
    while not (pattern and pattern.search(text)):
        try:
            more = os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            # Linux says so when nobody has the other end open any more.
            return text
        if not more:
            return text
        text += more
    return text
