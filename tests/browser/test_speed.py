"""A thousand scenarios open in less than a second."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.report.build import RunBuilder, Went
from tests.report.conftest import evidence
from truestep.report.publish import publish

STEPS = "".join(
    f'      {word} the shelf holds "{word}" books\n' for word in ("Given", "When", "Then")
)

TIMES = """[
  performance.timing.loadEventEnd - performance.timing.navigationStart,
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
]"""


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a thousand scenarios, fifty of them with evidence."""
    builder = RunBuilder(tmp_path_factory.mktemp("big") / "run")
    for number in range(50):
        scenarios = "".join(f"    Scenario: Book {number}-{row}.\n{STEPS}" for row in range(20))
        builder.feature(
            f"features/f{number}.feature", f"Feature: F {number}\n  Rule: R\n{scenarios}"
        )
    kept = evidence()
    builder.run(lambda name: Went(at=1, evidence=kept) if name.endswith("-7.") else Went())
    publish(builder.finish(success=False), environment={})
    return builder.folder / "index.html"


def test_thousand_scenarios_open_in_less_than_a_second(big: Path, open_page: Open) -> None:
    # The best of three: what is measured is the page, not what else this machine does.
    took = []
    for _ in range(3):
        page = open_page(big)
        took.append(max(page.evaluate(TIMES)))
    assert min(took) < 1000, f"loaded and painted after {took} ms"
    assert page.locator("[data-outcome]").count() == 1000
    # What is typed is found at once, too.
    page.evaluate("performance.mark('typed')")
    page.get_by_role("searchbox").fill("49-19.")
    expect(page.locator("#count")).to_have_text("1 of 1000 scenarios shown")
    assert page.evaluate("performance.measure('found', 'typed').duration") < 1000


def test_link_leads_to_its_place_among_a_thousand(big: Path, open_page: Open) -> None:
    page = open_page(big, address="#f49-book-49-19.")
    expect(page.locator("details[open] .name")).to_have_text("Book 49-19.")
    expect(page.locator("details[open]")).to_be_in_viewport()
