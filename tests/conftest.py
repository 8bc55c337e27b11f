"""Tests that need Docker or a browser are skipped where there is none, and never in CI.

Files that take a minute or more come first, so that no worker is left with one of them in the end.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Generator

import pytest

from truestep.services.engine import engine_problem

# Those that share a fresh clone stand together: one worker takes them, and makes the clone once.
_LONG = (
    "tests/test_specs.py",
    "tests/docs/test_applications.py",
    "tests/docs/test_readme.py",
    "tests/docs/test_workflow.py",
    "tests/contract/test_kafka.py",
    "tests/test_accounts.py",
    "tests/behaviour/test_truth.py",
    "tests/behaviour/test_like_behave.py",
    "tests/behaviour/test_compose.py",
)
_PROBLEMS = pytest.StashKey[dict[str, str | None]]()


def chromium() -> str | None:
    """The browser that Debian installs, or the one that is there under another name."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def browser_problem() -> str | None:
    """Why there can be no browser test; None when there can."""
    return None if chromium() else "no Chromium is on PATH: apt-get install chromium"


def node_problem() -> str | None:
    """Why nothing from npm can be used; None when it can."""
    found = shutil.which("node") and shutil.which("npm")
    return None if found else "no Node.js with npm is on PATH: apt-get install nodejs npm"


_NEEDS: dict[str, Callable[[], str | None]] = {
    "docker": engine_problem,
    "browser": browser_problem,
    "node": node_problem,
}


def pytest_configure() -> None:
    """Makes all that the tests start listen to Ctrl-C; it is inherited that nobody does.

    A shell starts what runs in its background so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long files first, in their order."""
    order = {path: number for number, path in enumerate(_LONG)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that is marked with what is not here, such as `docker` without an engine."""
    problems = item.config.stash.setdefault(_PROBLEMS, {})
    for need, problem_of in _NEEDS.items():
        if item.get_closest_marker(need) is None:
            continue
        if need not in problems:
            problems[need] = problem_of()
        if problem := problems[need]:
            pytest.skip(problem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns such a skip into a failure where CI is set: there, all of it is promised."""
    report = yield
    needs = [need for need in _NEEDS if item.get_closest_marker(need)]
    if report.skipped and os.environ.get("CI") and needs:
        report.outcome = "failed"
        report.longrepr = f"CI is set, so a {needs[0]} test cannot be skipped: {report.longrepr}"
    return report
