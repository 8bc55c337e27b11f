"""A run's JUnit files, written by behave itself, become a page that says what failed and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project
from truestep.errors import TruestepError
from truestep.report.summary import markdown

STEPS = """\
from behave import given, then

@given("{count:d} cups")
def cups(context, count):
    context.cups = count

@then("there are {count:d} cups")
def there_are(context, count):
    assert context.cups == count, f"expected {count} cups\\nbut: there are {context.cups} `cups`"

@then("the kettle explodes")
def explode(context):
    raise ValueError("too hot")
"""
FEATURE = """\
Feature: Tea | for <two>

  Scenario: Enough
    Given 2 cups
    Then there are 2 cups

  Scenario: One *short*
    Given 1 cups
    Then there are 2 cups

  Scenario: Undefined
    Given no such thing

  Scenario: Broken
    Then the kettle explodes

  @later
  Scenario: Not now
    Given 3 cups
"""


def project(folder: Path, feature: str = FEATURE) -> Project:
    made = Project(folder)
    made.write("behave.ini", "[behave]\npaths = features\njunit = true\njunit_directory = junit\n")
    made.write("environment.py", "from truestep.hooks import *\n")
    made.write("steps/tea.py", STEPS)
    made.write("features/tea.feature", feature)
    return made


def summary(made: Project, *arguments: str) -> str:
    made.behave(*arguments)
    return markdown(made.folder / "junit")


def test_failed_run_shows_counts_then_each_failing_step_and_why(tmp_path: Path) -> None:
    text = summary(project(tmp_path), "--tags=not @later")
    assert text.startswith(
        "## ❌ 1 of 4 scenarios passed\n"
        "\n"
        "| feature | passed | failed | not run | skipped |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| Tea \\| for \\<two\\> | 1 | 3 | 0 | 1 |\n"
        "\n"
        "### Tea \\| for \\<two\\>: One \\*short\\*\n"
        "\n"
        "```text\n"
        "Failing step: Then there are 2 cups ... failed in "
    )
    assert (
        "Location: features/tea.feature:9\n"
        "expected 2 cups\n"
        "but: there are 1 `cups`\n"
        "```\n"
        "\n"
        "### Tea \\| for \\<two\\>: Undefined\n"
        "\n"
        "```text\n"
        "Failing step: Given no such thing ... undefined in 0.000s\n"
        "Location: features/tea.feature:12\n"
        "```\n"
        "\n"
        "### Tea \\| for \\<two\\>: Broken\n"
    ) in text
    assert text.endswith("Location: features/tea.feature:15\ntoo hot\n```\n")
    assert "Traceback" not in text


def test_passed_run_is_a_headline_and_a_table(tmp_path: Path) -> None:
    assert summary(project(tmp_path), "--name=Enough") == (
        "## ✅ 1 of 1 scenarios passed\n"
        "\n"
        "| feature | passed | failed | not run | skipped |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| Tea \\| for \\<two\\> | 1 | 0 | 0 | 4 |\n"
    )


def test_refused_run_is_not_taken_for_a_green_one(tmp_path: Path) -> None:
    text = summary(project(tmp_path), "-D", "backend=dokcer")
    assert text.startswith(
        "## ❌ 0 of 5 scenarios passed; 5 did not run, and the job's log says why\n"
    )
    assert text.endswith("| Tea \\| for \\<two\\> | 0 | 0 | 5 | 0 |\n")


def test_stopped_run_counts_what_it_did_not_reach(tmp_path: Path) -> None:
    text = summary(project(tmp_path), "--stop")
    assert text.startswith("## ❌ 1 of 5 scenarios passed; 3 did not run, ")


def test_feature_in_a_folder_keeps_its_name_dots_and_all(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write(
        "features/deep/er/v1.2.feature", "Feature: v1.2 is out\n  Scenario: S\n    * 1 cups\n"
    )
    made.write("steps/any.py", "from behave import step\n\n@step('1 cups')\ndef one(_): pass\n")
    assert "| v1.2 is out | 1 | 0 | 0 | 0 |" in summary(made, "features/deep")


def test_long_failure_is_cut_and_its_fence_is_longer_than_any_in_it(tmp_path: Path) -> None:
    made = project(tmp_path, "Feature: F\n  Scenario: S\n    Then it says much\n")
    made.write(
        "steps/much.py",
        "from behave import then\n\n@then('it says much')\ndef much(_):\n"
        "    raise AssertionError('\\n'.join(['`````'] + [f'line {n}' for n in range(30)]))\n",
    )
    lines = summary(made).splitlines()
    assert lines[-1] == "``````"
    assert lines[-2] == "… 8 more lines are in the reports"
    assert lines[-3] == "line 21"


def test_many_failures_are_counted_beyond_the_first_thirty(tmp_path: Path) -> None:
    rows = "".join(f"      | {number} |\n" for number in range(33))
    text = summary(
        project(
            tmp_path,
            "Feature: F\n  Scenario Outline: S\n    Given <n> cups\n    Then there are 99 cups\n"
            f"    Examples:\n      | n |\n{rows}",
        )
    )
    assert text.count("\n### ") == 30
    assert text.endswith("\n\n… and 3 more failed.\n")


def test_no_results_are_no_success(tmp_path: Path) -> None:
    with pytest.raises(TruestepError) as caught:
        markdown(tmp_path)
    assert str(caught.value) == (
        "there is nothing to summarize: no test case in any *.xml file\n"
        f"  Looked at: {tmp_path}\n"
        "  Try: run behave first, with junit = true in behave.ini"
    )


def test_half_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "TESTS-tea.xml").write_text("<testsuite><testcase")
    with pytest.raises(TruestepError) as caught:
        markdown(tmp_path)
    assert str(caught.value) == (
        "a JUnit file cannot be read: unclosed token: line 1, column 11\n"
        f"  Looked at: {tmp_path / 'TESTS-tea.xml'}\n"
        "  Try: run behave again: a run that is killed can leave half a file"
    )
