"""suite: 200 scenarios over three services, the whole command; and what of it is not steps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from measure import Bench, Contenders
from rows import AtMost, Faster, Question

from truestep.services.engine import engine_problem

_PROJECT = Path(__file__).parent / "suite_project"
_SCENARIOS_EACH = 10
_PAYING = """
  Scenario: {coins} coins are paid
    Given Ada has {left} coins
    And Grace has 5 coins
    When Ada pays {coins} coins to Grace
    Then Ada owns 7 coins
    And there is 1 payment
"""
_ASKING = """
  Scenario: Somebody asks {coins} times
    Given Ada is signed in for 60 seconds
    When Ada asks {coins} times
    Then Ada has asked {coins} times and is still signed in
"""
_ORDERING = """
  Scenario: Order number {coins}
    Given Ada has ordered soup-{coins}
    Then the kitchen is told of the soup-{coins} for Ada
"""
# service -> how many features, and what their scenarios are like.
_FEATURES: Mapping[str, tuple[int, str]] = {
    "postgres": (8, _PAYING),
    "redis": (6, _ASKING),
    "kafka": (6, _ORDERING),
}
_PASSED = "200 scenarios passed, 0 failed"
_SETTINGS = """\
[behave]
paths = features
runner = truestep.runner:Runner

[service.postgres]
schema = schema.sql
"""


@dataclass(frozen=True)
class _Taken:
    """One run on our side, in seconds: all of it, its steps, its hooks with what they undo."""

    whole: float
    steps: float
    hooks: float


def _write(folder: Path, environment: str) -> None:
    shutil.copytree(_PROJECT / "steps", folder / "steps")
    shutil.copy(_PROJECT / environment, folder / "environment.py")
    shutil.copy(_PROJECT / "schema.sql", folder)
    (folder / "features").mkdir()
    for service, (features, scenario) in _FEATURES.items():
        for number in range(features):
            scenarios = [
                scenario.format(coins=coins, left=coins + 7)
                for coins in range(1, _SCENARIOS_EACH + 1)
            ]
            text = f"@{service}\nFeature: {service} {number}\n" + "".join(scenarios)
            (folder / "features" / f"{service}_{number}.feature").write_text(text)


def _behave(folder: Path, *arguments: str) -> float:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUESTEP_")}
    began = perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "behave", *arguments],
        cwd=folder,
        env=clean | {"SUITE_SCHEMA": str(folder / "schema.sql")},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = perf_counter() - began
    if run.returncode or _PASSED not in run.stdout:
        raise RuntimeError(f"behave did not pass: {run.stdout[-1500:]}{run.stderr[-1500:]}")
    return seconds


def _run_ours(folder: Path) -> _Taken:
    whole = _behave(folder, "-D", "backend=embedded")
    steps = hooks = 0.0
    is_step: dict[str, bool] = {}
    for line in (folder / "reports" / "latest" / "messages.ndjson").read_text().splitlines():
        [(kind, told)] = json.loads(line).items()
        if kind == "testCase":
            is_step |= {step["id"]: "pickleStepId" in step for step in told["testSteps"]}
        elif kind == "testRunHookFinished":
            hooks += _seconds(told["result"]["duration"])
        elif kind == "testStepFinished":
            seconds = _seconds(told["testStepResult"]["duration"])
            if is_step[told["testStepId"]]:
                steps += seconds
            else:
                hooks += seconds
    return _Taken(whole, steps, hooks)


def _seconds(told: Mapping[str, Any]) -> float:
    return float(told["seconds"]) + float(told["nanos"]) / 1e9


@contextmanager
def _projects() -> Iterator[tuple[Path, Path]]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        ours, peer = Path(folder) / "ours", Path(folder) / "peer"
        ours.mkdir()
        peer.mkdir()
        _write(ours, "ours.py")
        _write(peer, "peer.py")
        (ours / "behave.ini").write_text(_SETTINGS)
        yield ours, peer


@contextmanager
def _suite() -> Iterator[Contenders]:
    with _projects() as (ours, peer):
        last: list[_Taken] = []

        def run() -> float:
            last[:] = [_run_ours(ours)]
            return last[0].whole

        yield Contenders(run, lambda: _behave(peer), {"its steps alone": lambda: last[0].steps})


@contextmanager
def _suite_share() -> Iterator[Contenders]:
    with _projects() as (ours, _):
        last: list[_Taken] = []

        def run() -> float:
            last[:] = [_run_ours(ours)]
            return last[0].hooks

        yield Contenders(run, limits={"the whole command": lambda: last[0].whole})


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "suite",
            "200 scenarios over 3 services, the whole command, embedded",
            "s",
            "the same features, testcontainers for each feature",
            Faster(5),
        ),
        repeats=10,
        contenders=_suite,
        peer_problem=engine_problem,
    ),
    Bench(
        Question(
            "suite-share",
            "what of that is start, isolation, and the end",
            "s",
            goal=AtMost(0.15),
        ),
        repeats=10,
        contenders=_suite_share,
    ),
)
