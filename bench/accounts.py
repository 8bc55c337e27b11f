"""What each of the three ways to run features/accounts takes: `make accounts-table`.

Run from the project's folder, as a module: `python -m bench.accounts`. It writes docs/accounts.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.machine import facts
from examples.accounts.specs.deployed import deployed
from tests.project import Project
from truestep.services.engine import engine_problem

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "accounts.md"
FEATURES = "features/accounts"
_WARM_UP = f"{FEATURES}/health.feature:8"
_HEALTHY = re.compile(r"^  accounts +healthy +([\d.]+) s ", re.MULTILINE)
_SCENARIOS = re.compile(r"(\d+) scenarios? passed, 0 failed, (\d+) skipped")


@contextmanager
def _local() -> Iterator[dict[str, str]]:
    yield {"TRUESTEP_BACKEND": "embedded"}


@contextmanager
def _stack() -> Iterator[dict[str, str]]:
    yield {"TRUESTEP_ACCOUNTS_BACKEND": "docker"}


@contextmanager
def _url() -> Iterator[dict[str, str]]:
    with deployed(ROOT) as instance:
        yield instance.environment()


# By its name in the table: what yields the settings, as the environment has them, for that way.
WAYS: Mapping[str, Callable[[], AbstractContextManager[dict[str, str]]]] = {
    "a local process on embedded services": _local,
    "a compose stack in Docker": _stack,
    "a URL, of an instance that is running already": _url,
}


@dataclass(frozen=True)
class Taken:
    """One run of all scenarios; times in seconds."""

    way: str
    passed: int
    skipped: int
    healthy_s: float
    whole_s: float

    def __str__(self) -> str:
        """Returns its line of the table."""
        cells = (self.way, self.passed, self.skipped, f"{self.healthy_s:.1f} s")
        return f"| {' | '.join(map(str, cells))} | {self.whole_s:.0f} s |"


def take(way: str, folder: Path) -> Taken:
    """Runs all scenarios in one way, after one scenario that does not count.

    Args:
        way: one of WAYS.
        folder: where the reports go.

    Raises:
        RuntimeError: not all that was run has passed.
    """
    with WAYS[way]() as settings:
        _run(way, settings, _WARM_UP, folder)
        return _run(way, settings, FEATURES, folder)


def _run(way: str, settings: Mapping[str, str], what: str, folder: Path) -> Taken:
    own = ["--format=null", "--junit-directory", str(folder / "junit")]
    began = perf_counter()
    run = Project(ROOT).behave(*own, what, environment=settings)
    whole_s = perf_counter() - began
    healthy, counts = _HEALTHY.search(run.err), _SCENARIOS.search(run.out)
    if run.code or not healthy or not counts:
        raise RuntimeError(f"{way} did not pass:\n{run.out}{run.err}")
    return Taken(way, int(counts[1]), int(counts[2]), float(healthy[1]), whole_s)


def page(taken: list[Taken], machine: Mapping[str, object]) -> str:
    """Returns the page that shows what was taken."""
    table = "\n".join(map(str, taken))
    on = "{cores} cores, {memory_gib} GiB, {kernel}, Python {python}".format_map(machine)
    return f"""\
# The same specs, three ways

[features/accounts](../features/accounts) are the acceptance specs of a small service,
[examples/accounts](../examples/accounts). They are the same files in each way of running them:

- a local process: `behave features/accounts -D backend=embedded`
- a compose stack: `behave features/accounts -D accounts.backend=docker`
- a URL: `behave features/accounts -D accounts.url=…`, with the URLs of its three services and
  `allow_reset = yes` for those that scenarios empty

| way | passed | skipped | healthy after | whole command |
| --- | ---: | ---: | ---: | ---: |
{table}

*Healthy after* is the time until the application answered its health check, with all that it
stands on started before it; by URL nothing has to start. *Whole command* is one run of all
scenarios, from `behave` to its end, with everything stopped. A run of one scenario came before,
so that the images were there, the layers of its own were built, and files were in memory.

Skipped are the scenarios in which the database, the cache or Kafka is away for a while: a run
freezes only servers that it has started. Each of them says so.

Taken on: {on}; load before it: {machine["load_before"]}.

What else a machine does slows all three down. `make accounts-table` takes the table anew, and
writes this page.
"""


def main() -> None:
    """Takes the table, and writes the page."""
    problem = engine_problem()
    if problem:
        sys.exit(f"the table needs all three ways, and one of them Docker: {problem}")
    machine = facts()
    taken = []
    with TemporaryDirectory(prefix="truestep-bench-") as folder:
        for way in WAYS:
            print(f"{way} …", flush=True)
            taken.append(take(way, Path(folder)))
            print(taken[-1])
    PAGE.write_text(page(taken, machine))
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
