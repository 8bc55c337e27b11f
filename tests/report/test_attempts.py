"""A scenario that was run more than once: no attempt that failed is lost, in any report."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest

from tests.report.build import RunBuilder, Went
from tests.report.test_junit import check, the_case, written
from truestep.report.annotations import error_commands
from truestep.report.history import History, read_history, remember
from truestep.report.html import render
from truestep.report.merging import merged
from truestep.report.outcome import Outcome
from truestep.report.reading import read_run
from truestep.report.run import Run, Scenario
from truestep.report.summary import markdown

TWO = "Feature: F\n  Scenario: S\n    * x\n    * y\n  Scenario: T\n    * x\n"
FAILS, BREAKS, PASSES = Went(at=0), Went(at=1, kind="ValueError", message="torn"), Went()
FLAKY = Went(at=0, again=[BREAKS, PASSES])


def folder_of(place: Path, went: Went, **facts: object) -> Path:
    """Runs S as told, and T, which passes."""
    builder = RunBuilder(place)
    builder.feature("features/a.feature", TWO)
    builder.run(lambda name: went if name == "S" else Went())
    return builder.finish(success=True, **facts)


def scenario(run: Run) -> Scenario:
    return next(iter(run.scenarios))


@pytest.mark.parametrize(
    ("went", "facts", "comes_to"),
    [
        (FLAKY, {}, (Outcome.FLAKY, 2, 2)),
        (Went(at=0, again=[FAILS]), {}, (Outcome.FAILED, 0, 2)),
        (Went(at=0, again=[BREAKS]), {}, (Outcome.ERROR, 1, 2)),
        (Went(at=0, again=[PASSES, PASSES]), {}, (Outcome.FAILED, 0, 1)),
        (Went(at=0, again=[PASSES]), {"repeat": 2}, (Outcome.FAILED, 0, 1)),
        (Went(again=[FAILS, BREAKS]), {"repeat": 3}, (Outcome.ERROR, 2, 2)),
        (Went(again=[PASSES]), {"repeat": 2}, (Outcome.PASSED, 0, 0)),
    ],
    ids=[
        "tried again until it passed",
        "failed each time it was tried",
        "ended otherwise the second time",
        "passed before the last time, so it was repeated",
        "repeated, failed the first time",
        "repeated, ended in two ways",
        "repeated, passed each time",
    ],
)
def test_attempts_come_to_one_outcome(
    tmp_path: Path, went: Went, facts: dict[str, int], comes_to: tuple[Outcome, int, int]
) -> None:
    outcome, shown, failed = comes_to
    one = scenario(read_run(folder_of(tmp_path / "run", went, **facts)))
    assert one.outcome is outcome
    assert one.as_attempt() == one.attempts[shown]._replace(outcome=outcome)
    assert len(one.failed_attempts) == failed


def test_scenario_that_ran_once_has_no_attempts_to_tell_of(tmp_path: Path) -> None:
    assert scenario(read_run(folder_of(tmp_path / "run", FAILS))).attempts == ()


def test_messages_of_scenarios_that_ran_side_by_side_are_told_apart(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("features/a.feature", TWO)
    builder.run(lambda _: Went(at=0, again=[Went(worker="2")], worker="1"))
    folder = builder.finish()
    in_order = read_run(folder)
    record = folder / "messages.ndjson"
    lines = record.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if "testCaseStarted" in line)
    second = next(n for n, line in enumerate(lines) if '"testCase"' in line and n > first)
    cases = (lines[first:second], lines[second + 1 : -1])
    mixed = [line for pair in zip_longest(*cases) for line in pair if line]
    record.write_text("\n".join([*lines[:first], lines[second], *mixed, lines[-1]]))
    assert read_run(folder) == in_order
    assert [one.worker for one in scenario(in_order).attempts] == ["1", "2"]


def test_flaky_run_is_neither_green_nor_red(tmp_path: Path) -> None:
    run = read_run(folder_of(tmp_path / "run", FLAKY))
    assert markdown(run) == (
        "## ⚠️ 1 of 2 scenarios works as described; 1 is flaky\n"
        "\n"
        "| feature | works | flaky |\n"
        "| --- | ---: | ---: |\n"
        "| F | 1 | 1 |\n"
        "\n"
        "### F: S\n"
        "\n"
        "It failed, and worked only when it was tried again (failed 2 of 3).\n"
        "\n"
        "```text\n"
        "* x\n"
        "\n"
        "expected 2 cups\n"
        "but: was 1\n"
        "```\n"
        "\n"
        "```sh\n"
        "behave features/a.feature:2\n"
        "```\n"
    )
    assert error_commands(run) == [
        (
            "::warning file=features/a.feature,line=3,title=S::"
            "flaky, failed 2 of 3: expected 2 cups%0Abut: was 1"
        )
    ]


def test_flaky_scenario_passes_in_junit_and_keeps_each_failure(tmp_path: Path) -> None:
    suites = written(folder_of(tmp_path / "run", FLAKY), tmp_path / "junit")
    [suite] = suites.values()
    case = the_case(suites, "S")
    assert [one.tag for one in case if one.tag != "properties"] == [
        "flakyFailure",
        "flakyError",
        "system-out",
    ]
    first = case.find("flakyFailure")
    assert first is not None
    assert first.attrib == {"type": "AssertionError", "message": "expected 2 cups"}
    assert first.findtext("stackTrace", "").startswith("expected 2 cups\nbut: was 1\n\nFailing")
    assert first.findtext("system-out") == "  ✗ * x  ... fails\n  - * y"
    assert [(one.get("name"), one.get("value")) for one in case.iter("property")] == [
        ("attempts", "failed 2 of 3")
    ]
    assert case.findtext("system-out") == (
        "S, attempt 1 of 3: fails\n"
        "  ✗ * x  ... fails\n"
        "  - * y\n"
        "expected 2 cups\n"
        "but: was 1\n"
        "\n"
        "S, attempt 2 of 3: broke\n"
        "  ✓ * x\n"
        "  ✗ * y  ... broke\n"
        "torn\n"
        "\n"
        "S, attempt 3 of 3: works\n"
        "  ✓ * x\n"
        "  ✓ * y"
    )
    check(suite)


def test_each_failure_of_a_failed_scenario_is_in_junit(tmp_path: Path) -> None:
    run = folder_of(tmp_path / "run", Went(at=0, again=[BREAKS, FAILS]))
    suites = written(run, tmp_path / "junit")
    case = the_case(suites, "S")
    assert [one.tag for one in case if one.tag != "properties"] == [
        "failure",
        "rerunError",
        "rerunFailure",
        "system-out",
    ]
    assert case.findtext("system-out", "").startswith("S (failed 3 of 3)\n")
    for suite in suites.values():
        check(suite)


def test_page_has_a_card_with_every_attempt_of_a_flaky_scenario(tmp_path: Path) -> None:
    evidence = {"entries": [{"kind": "log", "title": "first try"}]}
    went = Went(at=0, evidence=evidence, worker="1", again=[Went(worker="2")])
    page = render(read_run(folder_of(tmp_path / "run", went)), History())
    assert "<h1>1 of 2 scenarios works as described; 1 is flaky</h1>" in page
    assert '<h2 id="t-failures">What works only sometimes</h2>' in page
    card = page[page.index('<article class="failure is-flaky"') : page.index("</article>")]
    assert "Attempt 1 of 2: fails" in card
    assert "first try" in card
    assert "on worker 1" in card
    assert "Attempt 2 of 2: works" in card
    assert '<option value="flaky">flaky (1)</option>' in page


def test_of_many_failed_attempts_the_first_ones_are_shown(tmp_path: Path) -> None:
    went = Went(at=0, again=[FAILS] * 13 + [PASSES] * 36)
    folder = folder_of(tmp_path / "run", went, repeat=50)
    page = render(read_run(folder), History())
    suites = written(folder, tmp_path / "junit")
    assert len(the_case(suites, "S").findall("rerunFailure")) == 10
    assert page.count('<section class="attempt is-failed">') == 10
    assert "<p>failed 14 of 50</p>" in page.replace(' class="foot"', "")
    assert "… and 4 more that failed" in page


def test_flaky_scenario_is_unsteady_from_its_first_time_on(tmp_path: Path) -> None:
    history = remember(read_run(folder_of(tmp_path / "run", FLAKY)), tmp_path / "history.ndjson")
    assert history == read_history(tmp_path / "history.ndjson")
    story = history.stories()["features/a.feature: S"]
    assert story.outcomes == (Outcome.FLAKY,)
    assert story.is_unsteady


def test_flaky_in_one_of_two_merged_runs_is_flaky(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / "one", FLAKY), folder_of(tmp_path / "two", PASSES)]
    one = scenario(merged([read_run(folder) for folder in folders]))
    assert one.outcome is Outcome.FLAKY
    assert sorted(attempt.run_id for attempt in one.attempts) == ["one", "one", "one", "two"]
