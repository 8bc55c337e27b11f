"""parallel-…, shard-balance: what many workers gain, and what they cost."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from heapq import heapreplace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import peers
from measure import Bench, Contenders
from projects import empty_scenarios, timed_run, waiting_scenarios
from rows import AtMost, Question

_RUNNER = "truestep.runner:Runner"
_WORKERS = 4
_SHARDS = 5
_SCENARIOS = 200
_ORDERS = 101
_LONG_S = 30.0
_SHORT_S = 15.0


def _lengths(total_s: float) -> list[float]:
    """Returns how long each of 200 scenarios waits, by Zipf's law.

    The second longest waits half as long as the longest, the third a third, and so on, in an order
    that is neither good nor bad for whoever runs them in turn.
    """
    shares = [1 / rank for rank in range(1, _SCENARIOS + 1)]
    lengths = [total_s * share / sum(shares) for share in shares]
    orders = [
        random.Random(seed).sample(lengths, len(lengths))  # noqa: S311  # no secret
        for seed in range(_ORDERS)
    ]
    return sorted(orders, key=_in_turn)[_ORDERS // 2]


def _in_turn(lengths: Sequence[float]) -> float:
    """Returns when all have ended that are begun in this order, each by whoever is free first."""
    ends = [0.0] * _WORKERS
    for length in lengths:
        heapreplace(ends, ends[0] + length)
    return max(ends)


def _behave(folder: Path, *options: str) -> float:
    """Runs our runner, and returns the seconds of the whole command."""
    return timed_run([sys.executable, "-m", "behave", "-r", _RUNNER, *options], folder)


def _behavex(folder: Path, processes: int, scheme: str) -> float:
    options = ["--parallel-processes", str(processes), "--parallel-scheme", scheme, "-o", "output"]
    return timed_run([peers.program("behavex"), "features", *options], folder)


@contextmanager
def _makespan() -> Iterator[Contenders]:
    lengths = _lengths(_LONG_S)
    least_s = max(sum(lengths) / _WORKERS, *lengths)
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        waiting_scenarios(Path(folder), lengths)
        yield Contenders(
            ours=partial(_behave, Path(folder), "-j", str(_WORKERS)),
            limits={"the longer of a quarter of all waits and the longest": lambda: least_s},
        )


@contextmanager
def _peer() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        for project in (ours, theirs):
            waiting_scenarios(project, _lengths(_LONG_S))
        yield Contenders(
            ours=partial(_behave, ours, "-j", str(_WORKERS)),
            peer=partial(_behavex, theirs, _WORKERS, "scenario"),
        )


@contextmanager
def _fixed(scheme: str) -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        for project in (ours, theirs):
            empty_scenarios(project)
        yield Contenders(
            ours=partial(_behave, ours, "-j", "2"),
            peer=partial(_behavex, theirs, 2, scheme),
        )


class _Shards:
    """All shards of one project, one after another, with what the first round has remembered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._took_s: list[float] = []

    def longest(self) -> float:
        if not self._took_s:
            _behave(self._folder, "-D", "shard=off", "-j", str(_WORKERS))
        self._took_s = [
            _behave(self._folder, "-D", f"shard={index}/{_SHARDS}")
            for index in range(1, _SHARDS + 1)
        ]
        return max(self._took_s)

    def even(self) -> float:
        return mean(self._took_s)


@contextmanager
def _balance() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        waiting_scenarios(Path(folder), _lengths(_SHORT_S))
        shards = _Shards(Path(folder))
        yield Contenders(ours=shards.longest, limits={"a fifth of all shards": shards.even})


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "parallel-makespan",
            "200 scenarios that wait 30 s in all, -j 4, the whole command",
            "s",
            goal=AtMost(1.15),
        ),
        repeats=5,
        contenders=_makespan,
    ),
    Bench(
        Question(
            "parallel-peer",
            "200 scenarios that wait 30 s in all, -j 4, the whole command",
            "s",
            "behavex, 4 processes, by scenario",
            AtMost(0.8),
        ),
        repeats=5,
        contenders=_peer,
        peer_problem=peers.problem,
    ),
    Bench(
        Question(
            "parallel-fixed",
            "1,000 scenarios that do nothing, -j 2, the whole command",
            "s",
            "behavex, 2 processes, by scenario",
            AtMost(0.5),
        ),
        # Each takes behavex about a minute.
        repeats=3,
        contenders=partial(_fixed, "scenario"),
        peer_problem=peers.problem,
    ),
    # It may split by features only, which costs it next to nothing.
    Bench(
        Question(
            "parallel-fixed-features",
            "1,000 scenarios that do nothing, -j 2, the whole command",
            "s",
            "behavex, 2 processes, by feature",
        ),
        repeats=5,
        contenders=partial(_fixed, "feature"),
        peer_problem=peers.problem,
    ),
    Bench(
        Question(
            "shard-balance",
            "the longest of 5 shards of 200 scenarios, with remembered timings",
            "s",
            goal=AtMost(1.1),
        ),
        repeats=5,
        contenders=_balance,
    ),
)
