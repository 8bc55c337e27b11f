"""Pages are opened in Debian's Chromium, from files, with the network watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import chromium
from tests.report.build import RunBuilder, Went
from truestep.report.publish import publish

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has a profile of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        yield started
        started.close()


@dataclass
class Watched:
    """What a page did that a report must not do."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Page]


@pytest.fixture
def watched() -> Watched:
    """What the pages of this test asked for, and what they complained about."""
    return Watched()


@pytest.fixture
def open_page(browser: Browser, watched: Watched) -> Iterator[Open]:
    """Opens a page; fails the test in the end when one asked the network or complained."""
    contexts = []

    def opened(page_file: Path, *, address: str = "", **options: Any) -> Page:
        settings: dict[str, Any] = {
            "viewport": {"width": 1280, "height": 900},
            "reduced_motion": "reduce",
            "color_scheme": "light",
        }
        context = browser.new_context(**(settings | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("console", lambda message: watched.complaints.append(message.text))
        page.goto(page_file.as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watched.complaints == []
    asked = [url for url in watched.requests if not url.startswith(("file:", "data:"))]
    assert asked == []


@pytest.fixture
def tea_page(tea: Path) -> Path:
    """The page of the tea shop."""
    assert publish(tea, environment={}).warnings == ()
    return tea / "index.html"


@pytest.fixture
def flaky_page(tmp_path: Path) -> Path:
    """The page of a run in which S worked when it was tried again, and T at once."""
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", "Feature: F\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n")
    kept = [{"entries": [{"kind": "log", "title": title}]} for title in ("no tea", "tea")]
    flaky = Went(at=0, evidence=kept[0], again=[Went(evidence=kept[1])])
    builder.run(lambda name: flaky if name == "S" else Went())
    folder = builder.finish()
    assert publish(folder, environment={}).warnings == ()
    return folder / "index.html"
