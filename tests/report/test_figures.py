"""The drawings show what matters, however little of the whole it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from truestep.report.figures import bar, strip, trend
from truestep.report.history import PastRun, Story
from truestep.report.outcome import Outcome

NONE = dict.fromkeys(Outcome, 0)


def widths(drawn: str, name: str = "width") -> dict[str, float]:
    found = re.findall(rf'<rect [^>]*{name}="([\d.]+)"[^>]*class="is-([a-z-]+)"', drawn)
    return {outcome: float(size) for size, outcome in found}


def past(results: dict[str, Outcome]) -> PastRun:
    return PastRun("r", datetime(2031, 2, 3, tzinfo=UTC), 1.0, "abcdef123456", "main", results)


def test_bar_is_as_wide_as_its_parts() -> None:
    drawn = bar(NONE | {Outcome.PASSED: 3, Outcome.FAILED: 1})
    assert widths(drawn) == {"passed": 750.0, "failed": 250.0}
    assert 'aria-label="3 works, 1 fails"' in drawn


def test_one_failure_of_many_is_seen() -> None:
    drawn = bar(NONE | {Outcome.PASSED: 99_999, Outcome.FAILED: 1})
    assert widths(drawn) == {"passed": 991.0, "failed": 9.0}
    many = {f"S{number}": Outcome.PASSED for number in range(999)} | {"T": Outcome.ERROR}
    heights = widths(trend([past({"S": Outcome.PASSED}), past(many)]), "height")
    assert heights == {"passed": 41.0, "error": 3.0}


def test_nothing_that_ran_is_no_bar() -> None:
    assert bar(NONE | {Outcome.SKIPPED: 5}) == ""


def test_one_run_is_no_trend() -> None:
    assert trend([past({"S": Outcome.PASSED})]) == ""


def test_trend_tells_in_how_many_runs_something_did_not_work() -> None:
    good, bad = past({"S": Outcome.PASSED}), past({"S": Outcome.INFRASTRUCTURE})
    assert 'aria-label="The last 3 runs; not everything worked in 1"' in trend([good, bad, good])
    assert 'aria-label="The last 2 runs; everything worked in each"' in trend([good, good])
    assert "3 February 2031, 00:00 UTC, 1 server trouble, abcdef12" in trend([good, bad])


def test_strip_is_tall_where_it_did_not_work() -> None:
    drawn = strip(Story((Outcome.PASSED, Outcome.FAILED, Outcome.PASSED)))
    assert re.findall(r'height="(\d+)" class', drawn) == ["7", "14", "7"]
    assert "Last 3 runs: 1 did not work" in drawn
