"""overhead, serial-overhead, report: what our hooks, our runner and its reports cost a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Bench, Contenders
from projects import empty_scenarios, timed_run
from rows import AtMost, Question

_HOOKS = "from truestep.hooks import *\n"
_OUR_RUNNER = ("-r", "truestep.runner:Runner")


@contextmanager
def _hooks() -> Iterator[Contenders]:
    with _two_projects() as (with_hooks, plain):
        (with_hooks / "features" / "environment.py").write_text(_HOOKS)
        yield Contenders(ours=partial(_behave, with_hooks), peer=partial(_behave, plain))


def _runner(*peer: str) -> Callable[[], AbstractContextManager[Contenders]]:
    @contextmanager
    def contenders() -> Iterator[Contenders]:
        with _two_projects() as (ours, theirs):
            yield Contenders(
                ours=partial(_behave, ours, *_OUR_RUNNER), peer=partial(_behave, theirs, *peer)
            )

    return contenders


@contextmanager
def _two_projects() -> Iterator[tuple[Path, Path]]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        empty_scenarios(ours)
        empty_scenarios(theirs)
        yield ours, theirs


def _behave(folder: Path, *options: str) -> float:
    return timed_run([sys.executable, "-m", "behave", *options], folder)


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
        contenders=_hooks,
    ),
    Bench(
        Question(
            "report",
            "1,000 passing scenarios with messages, page and JUnit, the whole command",
            "s",
            "plain behave with -f json and --junit",
            AtMost(1.5),
        ),
        repeats=7,
        contenders=_runner("-f", "json", "-o", "report.json", "--junit"),
    ),
    Bench(
        Question(
            "serial-overhead",
            "1,000 empty scenarios by our runner, with all its reports, the whole command",
            "s",
            "plain behave, which reports nothing",
            AtMost(1.2),
        ),
        repeats=7,
        contenders=_runner(),
    ),
)
