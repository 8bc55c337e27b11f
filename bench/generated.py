"""Projects of 1,000 scenarios that need no service, and whole runs of `behave` in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

_FEATURES = 10
_SCENARIOS_EACH = 100
_PASSED = f"{_FEATURES * _SCENARIOS_EACH} scenarios passed, 0 failed"
OUR_RUNNER = ("-r", "truestep.runner:Runner")
_STEPS = """\
from behave import given, then, when


@given("nothing is asked for")
def step_nothing(context):
    pass


@given("an account with {amount:d} coins")
def step_account(context, amount):
    context.coins = amount


@when("{amount:d} coins are paid out")
def step_pay_out(context, amount):
    context.coins -= amount


@then("{amount:d} coins are left")
def step_left(context, amount):
    assert context.coins == amount
"""
ACCOUNT = """
  Scenario: Account {number} pays out
    Given an account with {number} coins
    When 1 coins are paid out
    Then {left} coins are left
"""
EMPTY = """
  Scenario: Account {number} rests
    Given nothing is asked for
"""


def write_project(folder: Path, scenario: str = ACCOUNT) -> None:
    """Writes a project of 10 features with 100 scenarios each.

    Args:
        folder: where; it is made.
        scenario: the text of each: ACCOUNT has three steps, EMPTY one that does nothing.
    """
    (folder / "features").mkdir(parents=True)
    (folder / "steps").mkdir()
    (folder / "steps" / "account_steps.py").write_text(_STEPS)
    for feature in range(_FEATURES):
        scenarios = [
            scenario.format(number=number, left=number - 1)
            for number in range(1, _SCENARIOS_EACH + 1)
        ]
        text = f"Feature: Accounts of branch {feature}\n" + "".join(scenarios)
        (folder / "features" / f"branch_{feature}.feature").write_text(text)


def behave(folder: Path, *options: str) -> float:
    """Runs the whole command in a process of its own; returns its seconds.

    Raises:
        RuntimeError: not every scenario has passed.
    """
    began = perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "behave", *options],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("TRUESTEP_")},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = perf_counter() - began
    if run.returncode or _PASSED not in run.stdout:
        raise RuntimeError(f"behave did not pass: {run.stdout[-500:]}{run.stderr[-500:]}")
    return seconds
