"""The rule for tests that need Docker: skipped where no engine answers, never skipped in CI."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from truestep.services.engine import engine_problem

_PROBLEM = pytest.StashKey[str | None]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that is marked `docker` when no engine answers."""
    if item.get_closest_marker("docker") is None:
        return
    if _PROBLEM not in item.config.stash:
        item.config.stash[_PROBLEM] = engine_problem()
    problem = item.config.stash[_PROBLEM]
    if problem:
        pytest.skip(problem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns the skip of a docker test into a failure where CI is set: there, Docker is promised."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("docker"):
        report.outcome = "failed"
        report.longrepr = f"CI is set, so a docker test cannot be skipped: {report.longrepr}"
    return report
