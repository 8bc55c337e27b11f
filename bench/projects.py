"""behave projects that are made for a measurement, and the time that a run of one takes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

_EMPTY_FEATURES = 10
_EMPTY_EACH = 100
_WAITING_EACH = 10
_ACCOUNT_STEPS = """\
from behave import given, then, when


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
_ACCOUNT = """
  Scenario: Account {number} pays out
    Given an account with {number} coins
    When 1 coins are paid out
    Then {left} coins are left
"""
_WAITING_STEPS = """\
from threading import Event

from behave import when


@when("{length:g} seconds pass")
def step_pass(context, length):
    Event().wait(length)
"""
_WAITING = """
  Scenario: Wait {number}
    When {length:.4f} seconds pass
"""


def empty_scenarios(folder: Path) -> None:
    """Writes a project of 1,000 scenarios that do next to nothing, in 10 features."""
    numbers = range(1, _EMPTY_EACH + 1)
    scenarios = [_ACCOUNT.format(number=number, left=number - 1) for number in numbers]
    _write(folder, _ACCOUNT_STEPS, [scenarios] * _EMPTY_FEATURES)


def waiting_scenarios(folder: Path, lengths_s: Sequence[float]) -> None:
    """Writes a project of scenarios that wait, ten to a feature, each as many seconds as given."""
    scenarios = [
        _WAITING.format(number=number, length=length) for number, length in enumerate(lengths_s)
    ]
    starts = range(0, len(scenarios), _WAITING_EACH)
    _write(folder, _WAITING_STEPS, [scenarios[at : at + _WAITING_EACH] for at in starts])


def timed_run(command: Sequence[str], folder: Path) -> float:
    """Runs a command and returns the seconds it took.

    Raises:
        RuntimeError: its scenarios did not all pass.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRUESTEP_")}
    began = perf_counter()
    run = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    seconds = perf_counter() - began
    if run.returncode or "passed, 0 failed" not in run.stdout:
        raise RuntimeError(f"{command[0]} did not pass: {run.stdout[-500:]}{run.stderr[-500:]}")
    return seconds


def _write(folder: Path, steps: str, features: Sequence[Sequence[str]]) -> None:
    (folder / "features").mkdir(parents=True)
    # behavex looks for steps beside the features alone.
    (folder / "features" / "steps").mkdir()
    (folder / "features" / "steps" / "steps.py").write_text(steps)
    for number, scenarios in enumerate(features):
        text = f"Feature: Branch {number}\n" + "".join(scenarios)
        (folder / "features" / f"branch_{number}.feature").write_text(text)
