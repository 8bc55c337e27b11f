"""What people do with the page: look for something, look at why, send a link, read it at night."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.report.build import RunBuilder, Went
from tests.report.conftest import tea as tea  # noqa: PLC0414  # a fixture
from truestep.report.publish import publish


def names(page: Page) -> list[str]:
    """The scenarios that are not filtered away, examples as their cells."""
    found: list[str] = page.locator("[data-outcome]").evaluate_all(
        """(all) => all.filter((one) => !one.closest("[hidden]")).map((one) => one.matches("tr")
             ? [...one.cells].slice(0, -2).map((cell) => cell.textContent).join(" ")
             : one.querySelector(".name").textContent)"""
    )
    return found


def test_search_narrows_as_it_is_typed_and_looks_into_steps_and_tables(
    tea_page: Path, open_page: Open
) -> None:
    page = open_page(tea_page)
    everything = names(page)
    assert len(everything) == 14
    search = page.get_by_role("searchbox", name="Search the scenarios")
    search.press_sequentially("black")
    expect(page.locator("#count")).to_have_text("2 of 14 scenarios shown")
    assert names(page) == ["Ten cups", "black"]
    # The word is in the steps, so they are shown.
    expect(page.locator("#features").get_by_text("Please wait")).to_be_visible()
    expect(page.locator("#milk")).to_be_hidden()
    search.press("Escape")
    assert names(page) == everything
    expect(page.locator("#features").get_by_text("Please wait")).to_be_hidden()


def test_search_wants_every_word_in_any_order_and_no_accents(
    tmp_path: Path, open_page: Open
) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature(
        "a.feature",
        "Feature: Café\n  Scenario: Crème brûlée\n    * x\n  Scenario: Crème fraîche\n    * x\n",
    )
    builder.run()
    publish(builder.finish(), environment={})
    page = open_page(tmp_path / "run/index.html")
    page.get_by_role("searchbox").fill("brulee cafe")
    expect(page.locator("#count")).to_have_text("1 of 2 scenarios shown")
    assert names(page) == ["Crème brûlée"]


def test_search_that_finds_nothing_says_so_and_offers_the_way_back(
    tea_page: Path, open_page: Open
) -> None:
    page = open_page(tea_page)
    page.get_by_role("searchbox").fill("coffee")
    expect(page.get_by_text("No scenario is like that.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("0 of 14 scenarios shown")
    page.get_by_role("button", name="Show all again").click()
    assert len(names(page)) == 14


@pytest.mark.parametrize(
    ("field", "choice", "found"),
    [
        ("Result", "fails (1)", ["Ten cups"]),
        ("Result", "not reached (1)", ["Never reached"]),
        ("Tag", "@night", ["12 9"]),
        (
            "Service",
            "PostgreSQL",
            ["One cup", "Ten cups", "12 3", "20 5", "12 9", "green", "black"],
        ),
    ],
)
def test_filters_show_what_they_say(
    tea_page: Path, open_page: Open, field: str, choice: str, found: list[str]
) -> None:
    page = open_page(tea_page)
    page.get_by_label(field, exact=True).select_option(choice)
    assert names(page) == found


def test_filters_narrow_each_other_and_can_be_cleared(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    page.get_by_label("Result", exact=True).select_option("not working (7)")
    assert len(names(page)) == 7
    page.get_by_label("Service", exact=True).select_option("PostgreSQL")
    assert names(page) == ["Ten cups", "20 5"]
    expect(page.locator(".failure:visible")).to_have_count(2)
    page.get_by_role("button", name="Clear").click()
    assert len(names(page)) == 14
    expect(page.locator(".failure:visible")).to_have_count(6)


def test_result_in_the_legend_filters_by_it(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    chip = page.get_by_role("button", name="server trouble")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert names(page) == ["Server gone"]
    chip.click()
    assert len(names(page)) == 14


def test_what_was_looked_for_is_in_the_address(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    page.get_by_role("searchbox").fill("cups")
    page.get_by_label("Result", exact=True).select_option("fails (1)")
    expect(page).to_have_url(re.compile(r"index\.html\?q=cups&result=failed$"))
    page.reload()
    assert names(page) == ["Ten cups"]
    expect(page.get_by_role("searchbox")).to_have_value("cups")


def test_failures_come_first_with_their_reason(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", level=2).first).to_have_text("What does not work")
    groups = page.locator(".failures h3").all_text_contents()
    assert groups == [
        "Does not work as described (1)",
        "Broke before it could be judged (2)",
        "A server failed: says nothing about the product (1)",
        "Not automated yet (1)",
        "Not finished yet (1)",
    ]
    card = page.get_by_role("article", name="Ten cups")
    expect(card.get_by_role("region", name="Why")).to_have_text(
        "Expected: 'tea'\n     but: was 'milk'"
    )
    expect(card).to_contain_text("Tea is served \u203a Big orders take longer")
    expect(card).to_contain_text("behave features/shop/tea.feature:20")


def test_timeline_is_one_click_away_and_shows_what_came_too_late(
    tea_page: Path, open_page: Open
) -> None:
    page = open_page(tea_page)
    card = page.get_by_role("article", name="Ten cups")
    assert card.locator(".timeline").count() == 0
    card.get_by_text("Evidence and timeline").click()
    expect(card.locator(".timeline")).to_be_visible()
    assert card.locator(".timeline li").evaluate_all(
        "(items) => items.map((item) => item.innerText.replace(/\\s+/g, ' ').trim())"
    ) == [
        "1250 ms step Given the kettle is on",
        "1263 ms row cups: 1 added id: 1",
        "1750 ms error AssertionError: cold",
        "1790 ms event cups.served [0] @ 12 40.0 ms after the failure late",
    ]
    rows = card.get_by_role("region", name="Rows that changed").get_by_role("row")
    assert rows.all_inner_texts() == ["table\tbefore\tafter", "cups\t\tid: 1"]
    expect(card.get_by_text("LOG: ready")).to_be_visible()


def test_outline_is_one_table_with_a_result_in_each_row(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    outline = page.locator("details.outline").first
    outline.locator("summary").click()
    tables = outline.locator("table")
    expect(tables).to_have_count(1)
    rows = [re.sub(r"\s+", " ", row).strip() for row in tables.get_by_role("row").all_inner_texts()]
    assert [re.sub(r" [\d.]+ m?s$", "", row) for row in rows] == [
        "cups minutes result took",
        "by day",
        "12 3 works",
        "20 5 broke",
        "by night",
        "12 9 works",
    ]
    tables.get_by_role("link", name="broke").click()
    expect(page.get_by_role("article", name="20 cups in 5 minutes")).to_be_in_viewport()


@pytest.mark.parametrize(
    "address", ["#shop-tea-one-cup", "?q=milk#shop-tea-one-cup", "#shop-tea-hot-or-not-tea-black"]
)
def test_link_to_a_scenario_opens_it_and_brings_it_into_sight(
    tea_page: Path, open_page: Open, address: str
) -> None:
    page = open_page(tea_page, address=address)
    target = page.locator(f'[id="{address.partition("#")[2]}"]')
    expect(target).to_be_in_viewport()
    assert target.evaluate("(one) => one.closest('details').open")


def test_address_of_a_scenario_is_the_same_after_others_came_before_it(
    tmp_path: Path, open_page: Open
) -> None:
    addresses = []
    for number, before in enumerate(("", "  Scenario: New\n    * x\n")):
        builder = RunBuilder(tmp_path / f"run-{number}")
        builder.feature("f/茶.feature", f"Feature: F\n{before}  Scenario: Old “one”\n    * x\n")
        builder.run()
        publish(builder.finish(), environment={})
        page = open_page(builder.folder / "index.html")
        scenario = page.locator("details.scenario", has_text="Old")
        addresses.append(scenario.get_attribute("id"))
    assert addresses == ["f-茶-old-one"] * 2
    page = open_page(tmp_path / "run-1/index.html", address="#f-%E8%8C%B6-old-one")
    expect(page.locator("details[open] .name")).to_have_text("Old “one”")


def test_page_is_dark_where_the_system_is_and_the_button_changes_it(
    tea_page: Path, open_page: Open
) -> None:
    def brightness(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) // 3

    assert brightness(open_page(tea_page)) > 230
    page = open_page(tea_page, color_scheme="dark")
    assert brightness(page) < 30
    toggle = page.get_by_role("button", name="Dark colours")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    assert brightness(page) > 230
    page.reload()
    assert brightness(page) > 230


def test_keyboard_alone_is_enough(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the features")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#features")).to_be_in_viewport()
    page.keyboard.press("Tab")  # open all
    page.keyboard.press("Tab")  # the first scenario
    first = page.locator("#milk details.scenario").first
    expect(first.locator("summary")).to_be_focused()
    outline = first.locator("summary").evaluate("(one) => getComputedStyle(one).outlineWidth")
    assert outline == "2px"
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("open", "")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("sour")
    expect(page.locator("#count")).to_have_text("1 of 14 scenarios shown")
    page.keyboard.press("Escape")
    expect(page.locator("#count")).to_have_text("")


def test_all_scenarios_open_and_close_at_once(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    page.get_by_role("button", name="Open all").click()
    expect(page.locator("#features details.scenario:not([open])")).to_have_count(0)
    page.get_by_role("button", name="Close all").click()
    expect(page.locator("#features details.scenario[open]")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
def test_page_fits_a_phone(tea_page: Path, open_page: Open, width: int) -> None:
    page = open_page(tea_page, viewport={"width": width, "height": 780}, has_touch=True)
    page.get_by_role("button", name="Open all").click()
    page.get_by_text("Evidence and timeline").first.click()
    expect(page.locator(".timeline").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    contents = page.get_by_role("navigation", name="Features")
    expect(contents).to_be_hidden()
    menu = page.get_by_role("button", name="Contents")
    expect(menu).to_have_attribute("aria-expanded", "false")
    menu.click()
    expect(menu).to_have_attribute("aria-expanded", "true")
    contents.get_by_role("link", name="Milk").click()
    expect(contents).to_be_hidden()
    expect(page.get_by_role("heading", name="Milk")).to_be_in_viewport()


def test_everything_is_open_on_paper(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    page.pdf()
    assert page.locator("main details:not([open])").count() == 0
    page.emulate_media(media="print")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.locator(".timeline").first).to_be_visible()


def test_command_to_run_it_again_is_copied(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page, permissions=["clipboard-read", "clipboard-write"])
    card = page.get_by_role("article", name="Ten cups")
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "behave features/shop/tea.feature:20"


def test_history_is_a_trend_and_tells_what_comes_and_goes(tmp_path: Path, open_page: Open) -> None:
    for number in range(5):
        builder = RunBuilder(tmp_path / f"reports/run-{number}")
        builder.feature("a.feature", "Feature: F\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n")
        fails = number % 2 == 0
        builder.run(lambda name, fails=fails: Went(at=0) if fails and name == "S" else Went())  # type: ignore[misc]
        publish(builder.finish(), environment={})
    page = open_page(tmp_path / "reports/run-4/index.html")
    expect(
        page.get_by_role("img", name="The last 5 runs; not everything worked in 3")
    ).to_be_visible()
    expect(page.get_by_role("img", name="Last 5 runs: 3 did not work")).to_be_visible()
    expect(page.get_by_role("img", name="Last 5 runs: worked each time")).to_be_visible()
    expect(page.get_by_text("unsteady: it changed 4 times in its last 5 runs")).to_be_visible()
    page.get_by_text("The last 5 runs", exact=True).click()
    expect(page.get_by_role("region", name="The last runs").get_by_role("row")).to_have_count(6)


def test_flaky_scenario_is_found_and_each_of_its_attempts_is_one_click_away(
    flaky_page: Path, open_page: Open
) -> None:
    page = open_page(flaky_page)
    page.get_by_label("Result", exact=True).select_option("flaky (1)")
    assert names(page) == ["S"]
    page.get_by_label("Result", exact=True).select_option("All results")
    card = page.get_by_role("article", name="S")
    for number, (ended, seen) in enumerate([("fails", "no tea"), ("works", "tea")]):
        attempt = card.locator(".attempt").nth(number)
        expect(attempt.get_by_role("heading")).to_have_text(f"Attempt {number + 1} of 2: {ended}")
        attempt.get_by_text("Evidence and timeline").click()
        expect(attempt.get_by_text(seen, exact=True)).to_be_visible()


def test_servers_say_what_they_took(tea_page: Path, open_page: Open) -> None:
    page = open_page(tea_page)
    server = page.locator(".server")
    expect(server.get_by_role("heading")).to_have_text("PostgreSQL 18.6")
    expect(server).to_contain_text("420 ms until ready")
    expect(server).to_contain_text("used by 7 scenarios, which took 8.0 s")
    expect(server).to_contain_text("embedded: no Docker engine")


def test_features_say_in_what_language_they_are(tmp_path: Path, open_page: Open) -> None:
    builder = RunBuilder(tmp_path / "run")
    text = "# language: de\nFunktionalität: Tee\n  Szenario: Heiß\n    Angenommen es ist heiß\n"
    builder.feature("tee.feature", text)
    builder.run()
    publish(builder.finish(), environment={})
    page = open_page(tmp_path / "run/index.html", address="#tee-heiß")
    expect(page.locator(".feature")).to_have_attribute("lang", "de")
    expect(page.locator(".step")).to_contain_text("Angenommen es ist heiß")
