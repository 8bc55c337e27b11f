"""start-all: three servers side by side against the slowest of them alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import perf_counter

from measure import Bench, Contenders
from rows import AtMost, Question
from servers import started

from truestep.pool import RUN
from truestep.services import registry


@contextmanager
def _contenders() -> Iterator[Contenders]:
    names = list(registry.SERVICES)
    alone: dict[str, Callable[[], float]] = {
        f"{name} alone": partial(ready, [name]) for name in names
    }
    yield Contenders(ours=partial(ready, names), limits=alone)


def ready(names: Sequence[str]) -> float:
    """Returns the seconds until all of these embedded services are ready."""
    began = perf_counter()
    with started(names) as pool:
        for name in names:
            pool.acquire(name, RUN)
        return perf_counter() - began


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "start-all",
            "from nothing to all three ready, side by side, embedded",
            "s",
            goal=AtMost(1.15),
        ),
        repeats=10,
        contenders=_contenders,
    ),
)
