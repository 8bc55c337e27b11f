"""overhead, serial-overhead, report: what our hooks, our runner and its reports cost a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from generated import ACCOUNT, EMPTY, OUR_RUNNER, behave, write_project
from measure import Bench, Contenders
from rows import AtMost, Question

_HOOKS = "from truestep.hooks import *\n"


@contextmanager
def _hooks() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        with_hooks, plain = Path(folder) / "with-hooks", Path(folder) / "plain"
        write_project(with_hooks)
        write_project(plain)
        (with_hooks / "environment.py").write_text(_HOOKS)
        yield Contenders(ours=partial(behave, with_hooks), peer=partial(behave, plain))


def _runner(scenario: str, *peer: str) -> Callable[[], AbstractContextManager[Contenders]]:
    @contextmanager
    def contenders() -> Iterator[Contenders]:
        with TemporaryDirectory(prefix="truestep-bench-") as name:
            ours, theirs = Path(name) / "ours", Path(name) / "theirs"
            write_project(ours, scenario)
            write_project(theirs, scenario)
            yield Contenders(
                ours=partial(behave, ours, *OUR_RUNNER), peer=partial(behave, theirs, *peer)
            )

    return contenders


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
        contenders=_runner(ACCOUNT, "-f", "json", "-o", "report.json", "--junit"),
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
        contenders=_runner(EMPTY),
    ),
)
