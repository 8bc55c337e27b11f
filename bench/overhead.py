"""overhead: what the hooks cost a run whose scenarios need no service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from measure import Bench, Contenders
from rows import AtMost, Question

_FEATURES = 10
_SCENARIOS_EACH = 100
_PASSED = f"{_FEATURES * _SCENARIOS_EACH} scenarios passed, 0 failed"
_HOOKS = "from truestep.hooks import *\n"
_STEPS = """\
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
_SCENARIO = """
  Scenario: Account {number} pays out
    Given an account with {number} coins
    When 1 coins are paid out
    Then {left} coins are left
"""


@contextmanager
def _contenders() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        with_hooks, plain = Path(folder) / "with-hooks", Path(folder) / "plain"
        _write_project(with_hooks)
        _write_project(plain)
        (with_hooks / "environment.py").write_text(_HOOKS)
        yield Contenders(ours=partial(_behave, with_hooks), peer=partial(_behave, plain))


def _write_project(folder: Path) -> None:
    (folder / "features").mkdir(parents=True)
    (folder / "steps").mkdir()
    (folder / "steps" / "account_steps.py").write_text(_STEPS)
    for feature in range(_FEATURES):
        scenarios = [
            _SCENARIO.format(number=number, left=number - 1)
            for number in range(1, _SCENARIOS_EACH + 1)
        ]
        text = f"Feature: Accounts of branch {feature}\n" + "".join(scenarios)
        (folder / "features" / f"branch_{feature}.feature").write_text(text)


def _behave(folder: Path) -> float:
    began = perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "behave"],
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


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "overhead",
            "1,000 scenarios that need no service, the whole command",
            "s",
            "plain behave",
            AtMost(1.2),
        ),
        repeats=5,
        contenders=_contenders,
    ),
)
