"""What a screen reader, a pair of tired eyes and an attacker find in the page."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, Watched
from tests.report.build import RunBuilder, Went
from tests.report.conftest import tea as tea  # noqa: PLC0414  # a fixture
from truestep.report.publish import publish, report

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/runs"

TEMPLATE = ROOT / "support/truestep/report/templates/page.html"
CONTRASTS = Path(__file__).with_name("contrasts.js").read_text("utf-8")


@pytest.mark.parametrize("shown", ["tea_page", "flaky_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(
    request: pytest.FixtureRequest, open_page: Open, scheme: str, shown: str
) -> None:
    page = open_page(request.getfixturevalue(shown), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(page.locator(".timeline").first).to_be_visible()
    assert page.evaluate(CONTRASTS) == []


@pytest.mark.parametrize("shown", ["tea_page", "flaky_page"])
def test_headings_are_a_tree_and_everything_has_a_name(
    request: pytest.FixtureRequest, open_page: Open, shown: str
) -> None:
    page = open_page(request.getfixturevalue(shown))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    levels = page.evaluate(
        "[...document.querySelectorAll('main h1, main h2, main h3, main h4, main h5, main h6')]"
        ".map((one) => Number(one.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert levels[0] == 1
    jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert jumps == []
    for role in ("banner", "main", "navigation", "search"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    named = "button, input, select, a[href], svg[role=img], [role=region]"
    nameless = page.locator(named).evaluate_all(
        "(all) => all.filter((one) => !one.ariaLabel && !one.textContent.trim() && "
        "!one.labels?.length).map((one) => one.outerHTML)"
    )
    assert nameless == []
    targets = page.locator('a[href^="#"]').evaluate_all(
        "(all) => all.map((one) => decodeURIComponent(one.hash.slice(1)))"
    )
    assert set(targets) - set(ids) == set()


def test_names_of_files_do_not_take_the_addresses_of_the_page(
    tmp_path: Path, open_page: Open
) -> None:
    own = set(re.findall(r'id="([a-z-]+)"', TEMPLATE.read_text("utf-8")))
    builder = RunBuilder(tmp_path / "run")
    for name in sorted(own):
        builder.feature(f"features/{name}.feature", "Feature: F\n  Scenario: S\n    * x\n")
    builder.run(lambda _: Went(at=0))
    page = open_page(report_of(builder.finish(success=False)))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    given = page.evaluate("[...document.querySelectorAll('.feature, .scenario')].map(({id}) => id)")
    assert len(given) == 2 * len(own)
    assert own.isdisjoint(given)


def report_of(folder: Path) -> Path:
    """The page that is made of a run."""
    assert publish(folder, environment={}).warnings == ()
    return folder / "index.html"


def test_no_script_of_a_feature_a_failure_or_a_server_is_run(
    tmp_path: Path, open_page: Open, watched: Watched
) -> None:
    def sly(place: str) -> str:
        return (
            f"</script></style><script>window.ran='{place}'</script>"
            f"<img src=x onerror=\"window.ran='{place}'\"><svg onload=\"window.ran='{place}'\">"
        )

    def table(place: str) -> str:
        return sly(place).replace("|", "")

    tag = "@<script>window.ran='tag'</script>"
    feature = f"""\
{tag}
Feature: {sly("feature")}
  {sly("description")} [link](javascript:window.ran='link') ![](http://example.com/x.png)

  <javascript:window.ran='auto'> <iframe srcdoc="{sly("frame")}"></iframe>

  Background:
    Given {sly("background")}

  Rule: {sly("rule")}
    {sly("rule description")}

    {tag}
    Scenario: {sly("scenario")}
      When {sly("step")}
        | {table("heading")} |
        | {table("cell")} |
      Then {sly("text")}
        \"\"\"
        {sly("doc string")}
        \"\"\"

    Scenario Outline: {sly("outline")} <x>
      * {sly("outline step")} <x>
      Examples: {sly("examples")}
        | x |
        | {table("example")} |
"""
    entry = {"at": "2031-02-03T10:20:31+00:00", "kind": sly("kind"), "title": sly("title")}
    entry |= {"detail": sly("detail"), "data": {sly("key"): sly("value")}}
    evidence: dict[str, Any] = {"entries": [entry]}
    evidence["sections"] = {
        sly("section"): [{sly("column"): sly("value")}],
        "logs": {sly("server"): [sly("line")]},
    }
    went = Went(
        at=0,
        kind=sly("type"),
        message=sly("message"),
        trace=sly("trace"),
        evidence=evidence,
        attachments=[
            ("text/html", sly("file"), sly("body")),
            (sly("media type"), "", sly("body")),
            ("image/svg+xml", "x.svg", sly("svg")),
        ],
    )
    words = ("name", "title", "version", "backend", "why", "owner", "problem")
    builder = RunBuilder(tmp_path / "run")
    builder.feature(f"features/{sly('folder').replace('/', '')}/a.feature", feature)
    builder.run_hook(sly("hook"))
    builder.run(lambda _: went)
    folder = builder.finish(
        success=False,
        services=[{word: sly(word) for word in words} | {"took_s": 1}],
        argv=[sly("argument")],
        settings={sly("setting"): sly("value")},
        truestep=sly("version"),
        git={"commit": sly("commit"), "branch": sly("branch")},
        infrastructure=[{"what": sly("what"), "where": sly("where")}],
        ended_by=sly("signal"),
    )
    assert publish(folder, environment={}).warnings == ()
    page = open_page(folder / "index.html")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(page.locator(".timeline").first).to_be_visible()
    page.get_by_role("searchbox").fill("script window.ran")
    page.get_by_label("Tag", exact=True).select_option(index=1)
    for link in page.locator("a").all():
        href = link.get_attribute("href") or ""
        assert href.startswith(("#", "evidence/", "http://example.com/")), href
    assert page.evaluate("window.ran") is None
    assert page.locator("script").count() == 1 + page.locator("script[type]").count()
    assert page.locator("iframe, img, object, embed, form, base").count() == 0
    # The scripts are there to be read: they were escaped, not lost.
    expect(page.locator("h3", has_text="window.ran='feature'")).to_have_count(1)
    expect(page.locator(".timeline", has_text="window.ran='detail'").first).to_be_visible()
    assert watched.complaints == []


def test_page_says_that_it_runs_no_script_but_its_own(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(GOLDEN.glob("*/run.json"))])
def test_page_of_a_real_run_is_complete(tmp_path: Path, open_page: Open, name: str) -> None:
    run = report(GOLDEN / name, tmp_path / "out")
    page = open_page(tmp_path / "out/index.html")
    shown = page.locator("#features").text_content() or ""
    for scenario in run.scenarios:
        for step in scenario.steps:
            for row in step.table:
                assert all(cell in shown for cell in row)
    assert page.locator("[data-outcome]").count() == sum(run.count().values())
    expect(page.locator(".failure")).to_have_count(len(run.failures))


def test_all_features_of_this_project_can_be_read(tmp_path: Path, open_page: Open) -> None:
    builder = RunBuilder(tmp_path / "run")
    for path in sorted((ROOT / "features").rglob("*.feature")):
        builder.feature(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    builder.run()
    run = report(builder.finish(), tmp_path / "out")
    page = open_page(tmp_path / "out/index.html")
    shown = plain(page.locator("#features").text_content() or "")
    assert len(run.features) >= 13
    for feature in run.features:
        assert feature.name in shown
        assert all(section.name in shown for section in feature.sections)
        for scenario in feature.scenarios:
            if not scenario.outline:
                assert plain(scenario.name) in shown
                for step in scenario.steps:
                    assert plain(step.text) in shown
                    assert all(plain(cell) in shown for row in step.table for cell in row)


def plain(text: str) -> str:
    """Text as HTML has it: white space is one space."""
    return " ".join(text.split())
