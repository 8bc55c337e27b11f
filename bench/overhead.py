"""overhead: what the hooks cost a run whose scenarios need no service."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Bench, Contenders
from projects import empty_scenarios, timed_run
from rows import AtMost, Question

_HOOKS = "from truestep.hooks import *\n"


@contextmanager
def _contenders() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        with_hooks, plain = Path(folder) / "with-hooks", Path(folder) / "plain"
        empty_scenarios(with_hooks)
        empty_scenarios(plain)
        (with_hooks / "features" / "environment.py").write_text(_HOOKS)
        yield Contenders(ours=partial(_behave, with_hooks), peer=partial(_behave, plain))


def _behave(folder: Path) -> float:
    return timed_run([sys.executable, "-m", "behave"], folder)


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
