"""Taking turns: how every number of the report is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median

from rows import Question, Row, answer

# Does the thing once and returns the seconds that count, or the bytes.
Timed = Callable[[], float]
Samples = Mapping[str, list[float]]


@dataclass(frozen=True)
class Contenders:
    """What takes turns for one row; `limits` are by name."""

    ours: Timed
    peer: Timed | None = None
    limits: Mapping[str, Timed] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """One row that can be measured.

    `contenders` makes what has to be there before the first turn, and removes it after the last.
    `peer_problem` says why the peer cannot run here; None when it can.
    """

    question: Question
    repeats: int
    contenders: Callable[[], AbstractContextManager[Contenders]]
    peer_problem: Callable[[], str | None] = lambda: None


def measure(bench: Bench, *, repeats: int, with_peer: bool) -> tuple[Row, Samples]:
    """Measures one row by turns: each contender once, then each once more, and so on.

    The first round is not counted: it fills caches and imports what is imported late.

    Args:
        bench: what to measure.
        repeats: how many rounds count.
        with_peer: false when the peer cannot run here.

    Returns:
        The row of medians, and every counted time in seconds by the name of its contender.
    """
    with bench.contenders() as contenders:
        turns = {"ours": contenders.ours}
        if contenders.peer and with_peer:
            turns["peer"] = contenders.peer
        turns |= contenders.limits
        samples: dict[str, list[float]] = {name: [] for name in turns}
        for number in range(repeats + 1):
            for name, timed in turns.items():
                seconds = timed()
                if number:
                    samples[name].append(seconds)
    medians = {name: median(seconds) for name, seconds in samples.items()}
    row = answer(
        bench.question,
        ours=medians["ours"],
        peer=medians.get("peer"),
        limits={name: medians[name] for name in contenders.limits},
    )
    return row, samples
