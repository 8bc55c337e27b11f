"""A run as Markdown: the counts, then what failed and why."""

from __future__ import annotations

from pathlib import Path

from tests.report.build import RunBuilder, Went
from truestep.redaction import register_secret
from truestep.report.reading import read_run
from truestep.report.summary import markdown


def small(folder: Path, feature: str, how: dict[str, Went]) -> str:
    builder = RunBuilder(folder / "run")
    builder.feature("features/a.feature", feature)
    builder.run(lambda name: how.get(name, Went()))
    return markdown(read_run(builder.finish(success=not how)))


def test_failed_run_shows_counts_then_each_failing_step_and_why(tmp_path: Path) -> None:
    text = small(
        tmp_path,
        "Feature: Tea | for <two>\n  Scenario: One *short*\n    * y\n  Scenario: Enough\n    * x\n",
        {"One *short*": Went(at=0)},
    )
    assert text == (
        "## ❌ 1 of 2 scenarios works as described\n"
        "\n"
        "| feature | works | fails |\n"
        "| --- | ---: | ---: |\n"
        "| Tea \\| for \\<two\\> | 1 | 1 |\n"
        "\n"
        "### Tea \\| for \\<two\\>: One \\*short\\*\n"
        "\n"
        "It does not work as described.\n"
        "\n"
        "```text\n"
        "* y\n"
        "\n"
        "expected 2 cups\n"
        "but: was 1\n"
        "```\n"
        "\n"
        "```sh\n"
        "behave features/a.feature:2\n"
        "```\n"
    )


def test_passed_run_is_a_headline_and_a_table(tmp_path: Path) -> None:
    text = small(tmp_path, "Feature: Tea\n  Scenario: S\n    * x\n  Scenario: T\n    * x\n", {})
    assert text == (
        "## ✅ All 2 scenarios work as described\n"
        "\n"
        "| feature | works |\n"
        "| --- | ---: |\n"
        "| Tea | 2 |\n"
    )


def test_every_outcome_has_its_column(tea: Path) -> None:
    lines = markdown(read_run(tea)).splitlines()
    assert lines[0] == "## ❌ 6 of 13 scenarios work as described; 1 was not reached"
    assert lines[2] == (
        "| feature | works | fails | broke | server trouble | not automated | not reached "
        "| left out |"
    )
    assert lines[4:6] == [
        "| Tea is served | 5 | 1 | 1 | 0 | 0 | 0 | 0 |",
        "| Milk | 1 | 0 | 1 | 1 | 2 | 1 | 1 |",
    ]


def test_run_that_nobody_let_begin_is_not_taken_for_a_green_one(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", "Feature: A\n  Scenario: S\n    * x\n")
    builder.run_hook("no *such* setting")
    builder.run(lambda _: Went(is_reached=False))
    text = markdown(read_run(builder.finish(success=False)))
    assert text.startswith("## ❌ 0 of 1 scenario work as described; 1 was not reached\n")
    assert "\n### before\\_all\n\n```text\nno *such* setting\n```\n" in text


def test_killed_run_says_so(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", "Feature: A\n  Scenario: S\n    * x\n")
    builder.run()
    assert "\nThe run was stopped before its end.\n" in markdown(read_run(builder.cut()))


def test_long_failure_is_cut_and_its_fence_is_longer_than_any_in_it(tmp_path: Path) -> None:
    message = "\n".join(["`````", *(f"line {number}" for number in range(30))])
    went = {"S": Went(at=0, message=message)}
    lines = small(tmp_path, "Feature: F\n  Scenario: S\n    * x\n", went).splitlines()
    assert lines[-6:-4] == ["… 8 more lines are in the report", "``````"]
    assert lines[-7] == "line 21"


def test_many_failures_are_counted_beyond_the_first_thirty(tmp_path: Path) -> None:
    names = [f"S{number}" for number in range(33)]
    text = small(
        tmp_path,
        "Feature: F\n" + "".join(f"  Scenario: {name}\n    * x\n" for name in names),
        dict.fromkeys(names, Went(at=0)),
    )
    assert text.count("\n### ") == 30
    assert text.endswith("\n\n… and 3 more; they are in the report.\n")


def test_secrets_are_hidden(tmp_path: Path) -> None:
    secret = register_secret("hunter2-of-the-summary")
    went = {"S": Went(at=0, message=f"{secret} at postgres://ada:pw@db/x")}
    text = small(tmp_path, "Feature: F\n  Scenario: S\n    * x\n", went)
    assert secret not in text
    assert "\n*** at postgres://ada:***@db/x\n" in text
