"""Whatever goes wrong: exit code, console, record, JUnit, rerun file and every formatter agree.

Each row of `ROWS` is a kind of trouble, each of its fields what one of them says. The four
scenarios are always the same: `Before`, `Here` (where the trouble is), one in a rule, and one in a
later file.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.behaviour.truth import Told
from tests.project import Project

FIRST = """\
@first
Feature: First
  Scenario: Before
    When a book is borrowed

  @here
  Scenario: Here
    {step}
    Then the reader is told

  @ruled
  Rule: A rule
    Scenario: In the rule
      When a book is borrowed
"""
ALONE = "@serial\n"
SECOND = """\
Feature: Second
  Scenario: After
    When a book is borrowed
"""
PLACES = {
    "Before": "features/a/first.feature:3",
    "Here": "features/a/first.feature:7",
    "In the rule": "features/a/first.feature:13",
    "After": "features/b/second.feature:2",
}
NAMES = tuple(PLACES)
OF_FIRST, OF_RULE = NAMES[:3], NAMES[2:3]
FEATURE, RULE = "features/a/first.feature:2", "features/a/first.feature:12"
AMBIGUOUS = """\
from behave import when

@when("a book is borrowed")
def again(context):
    pass
"""
KILLING = """\
import os, signal
from behave import then, when

@when("a book is borrowed")
@then("the reader is told")
def passes(context):
    pass

@when("the server is killed")
def kill(context):
    os.kill(context.redis.info("server")["process_id"], signal.SIGKILL)
"""


@dataclass(frozen=True)
class Row:
    """A kind of trouble, and what has to be told of it.

    `record`, `json` (behave's words; `-`: not mentioned) tell of the four scenarios in order;
    `console` is behave's count, `marks` what the progress formatter writes, in any order; `rerun`
    names what runs again, `around` the hooks and cleanups that failed around scenarios; `broken`
    what kept the run from going on; `said` is our summary at the end.
    """

    trouble: str
    code: int = 1
    record: str = "passed passed passed passed"
    console: str = "4 passed"
    json: str = "passed passed passed passed"
    marks: str = "...."
    rerun: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    step: str = "When a book is borrowed"
    options: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    sample: str = "troubles"


def raising(hook: str, at: str = "", kind: str = "") -> tuple[str, ...]:
    """Options that make the sample's hooks raise."""
    options = ["-D", f"raise_in={hook}"]
    options += ["-D", f"at={at}"] if at else []
    return (*options, "-D", f"kind={kind}") if kind else tuple(options)


def here(trouble: str, outcome: str, status: str, mark: str, **more: object) -> Row:
    """A trouble that is that of one scenario alone."""
    counted = "failed" if status == "failed" else status
    return Row(
        trouble,
        record=f"passed {outcome} passed passed",
        console=f"3 passed, 1 {counted}",
        json=f"passed {status} passed passed",
        marks=f"...{mark}",
        rerun=("Here",),
        said=((outcome, f"{PLACES['Here']}  Here{'  (redis)' * (more.get('sample') == 'notes')}"),),
        **more,  # type: ignore[arg-type]
    )


def ending(trouble: str, **more: object) -> Row:
    """A trouble that ends the run while `Here` runs."""
    by = str(more.pop("by"))
    return Row(
        trouble,
        record="passed error not_run not_run",
        console="1 passed, 1 error, 2 untested",
        json=str(more.pop("json", "passed error - -")),
        marks=str(more.pop("marks", ".E")),
        rerun=("Here", "In the rule", "After"),
        broken=("the run",),
        said=(
            ("error", f"{PLACES['Here']}  Here"),
            ("not run", f"2 scenarios: the run was ended by {by}"),
        ),
        **more,  # type: ignore[arg-type]
    )


def around(trouble: str, name: str, where: str, rerun: tuple[str, ...], **more: object) -> Row:
    """A trouble around scenarios that have run."""
    return Row(
        trouble,
        around=(f"{name} {where}".strip(),),
        rerun=rerun,
        said=(("error", f"{name} of {where or 'the run'}"),),
        **more,  # type: ignore[arg-type]
    )


def not_entered(hook: str, at: str, where: str, inside: tuple[str, ...]) -> Row:
    """A hook before a feature or a rule that raises: nothing of what is inside runs."""
    left_out, ran = len(inside), len(NAMES) - len(inside)
    scenarios = "1 scenario" if left_out == 1 else f"{left_out} scenarios"
    return Row(
        f"{hook} raises for {at}",
        options=raising(hook, at),
        record=" ".join("not_run" if name in inside else "passed" for name in NAMES),
        console=f"{ran} passed, {left_out} untested",
        json=" ".join("-" if name in inside else "passed" for name in NAMES),
        marks="." * ran,
        rerun=inside,
        around=(f"{hook} {where}",),
        said=(("error", f"{hook} of {where}"), ("not run", scenarios)),
    )


NOTHING_RAN = {
    "record": "not_run not_run not_run not_run",
    "console": "",
    "json": "- - - -",
    "marks": "",
    "rerun": NAMES,
}
ROWS = [
    Row("nothing goes wrong", code=0),
    here("a step fails", "failed", "failed", "F", step="Then 7 books are left"),
    here("a step errors", "error", "error", "E", step="When the shelf breaks"),
    here("a step leaves Python", "error", "error", "E", step="When the interpreter is left"),
    here("a step is undefined", "undefined", "error", "E", step="When pigs fly"),
    here("a step is pending", "pending", "error", "E", step="When nobody knows how"),
    Row(
        "a step is ambiguous",
        files={"steps/more_steps.py": AMBIGUOUS},
        broken=("the run",),
        said=(("not run", "4 scenarios"),),
        **NOTHING_RAN,  # type: ignore[arg-type]
    ),
    Row(
        "before_all raises",
        options=raising("before_all"),
        around=("before_all",),
        said=(("error", "before_all of the run"), ("not run", "4 scenarios")),
        **NOTHING_RAN | {"console": "4 untested"},  # type: ignore[arg-type]
    ),
    Row(
        "before_all meets a service that does not start",
        options=raising("before_all", kind="service"),
        around=("before_all",),
        said=(("infrastructure", "before_all of the run"), ("not run", "4 scenarios")),
        **NOTHING_RAN | {"console": "4 untested"},  # type: ignore[arg-type]
    ),
    around("after_all raises", "after_all", "", NAMES, options=raising("after_all")),
    here("before_tag raises", "error", "hook_error", "H", options=raising("before_tag", "here")),
    here("after_tag raises", "error", "hook_error", "H", options=raising("after_tag", "here")),
    not_entered("before_tag", "first", FEATURE, OF_FIRST),
    around(
        "after_tag raises for a feature",
        "after_tag",
        FEATURE,
        OF_FIRST,
        options=raising("after_tag", "first"),
    ),
    not_entered("before_tag", "ruled", RULE, OF_RULE),
    around(
        "after_tag raises for a rule",
        "after_tag",
        RULE,
        OF_RULE,
        options=raising("after_tag", "ruled"),
    ),
    not_entered("before_feature", "First", FEATURE, OF_FIRST),
    around(
        "after_feature raises",
        "after_feature",
        FEATURE,
        OF_FIRST,
        options=raising("after_feature", "First"),
    ),
    not_entered("before_rule", "A rule", RULE, OF_RULE),
    around(
        "after_rule raises",
        "after_rule",
        RULE,
        OF_RULE,
        options=raising("after_rule", "A rule"),
    ),
    here(
        "before_scenario raises",
        "error",
        "hook_error",
        "H",
        options=raising("before_scenario", "Here"),
    ),
    here(
        "after_scenario raises",
        "error",
        "hook_error",
        "H",
        options=raising("after_scenario", "Here"),
    ),
    here(
        "after_scenario raises when a step failed",
        "error",
        "hook_error",
        "H",
        options=raising("after_scenario", "Here"),
        step="Then 7 books are left",
    ),
    here(
        "before_step raises",
        "error",
        "error",
        "E",
        options=raising("before_step", "the reader is told"),
    ),
    here(
        "after_step raises",
        "error",
        "error",
        "E",
        options=raising("after_step", "the reader is told"),
    ),
    here(
        "a cleanup of a scenario raises",
        "error",
        "cleanup_error",
        "C",
        options=raising("cleanup of scenario", "Here"),
    ),
    here(
        "a cleanup of a scenario raises when a step failed",
        "error",
        "cleanup_error",
        "C",
        options=raising("cleanup of scenario", "Here"),
        step="Then 7 books are left",
    ),
    around(
        "a cleanup of a rule raises",
        "cleanup",
        RULE,
        OF_RULE,
        options=raising("cleanup of rule"),
    ),
    around(
        "a cleanup of a feature raises",
        "cleanup",
        FEATURE,
        OF_FIRST,
        options=raising("cleanup of feature", "First"),
    ),
    around("a cleanup of the run raises", "cleanup", "", NAMES, options=raising("cleanup of run")),
    here(
        "after_step finds a service dead when a step failed",
        "infrastructure",
        "error",
        "E",
        options=raising("after_step", "7 books are left", "service"),
        step="Then 7 books are left",
    ),
    here(
        "a service dies and a step meets it",
        "infrastructure",
        "error",
        "E",
        step='When the server is killed\n    Then the key "draft" holds "hello"',
        sample="notes",
    ),
    here(
        "a service dies and no step meets it",
        "infrastructure",
        "cleanup_error",
        "C",
        step="When the server is killed",
        sample="notes",
    ),
    here(
        "a service never becomes ready",
        "infrastructure",
        "hook_error",
        "H",
        sample="notes",
        options=("-D", "redis.start_within_s=0.2"),
        files={"bin/redis-server": "#!/bin/sh\nexec sleep 60\n"},
    ),
    here(
        "a step of ours is undefined",
        "undefined",
        "hook_error",
        "H",
        step="When pigs fly",
        sample="notes",
    ),
    Row(
        "a scenario is skipped by tag",
        code=0,
        options=("--tags=not @here",),
        record="passed - passed passed",
        console="3 passed, 1 skipped",
        json="passed - passed passed",
        marks="...",
    ),
    Row(
        "a scenario is skipped by a step",
        code=0,
        step="When the scenario is skipped",
        record="passed skipped passed passed",
        console="3 passed, 1 skipped",
        json="passed skipped passed passed",
        marks="...S",
    ),
    Row(
        "a scenario is skipped by a hook",
        code=0,
        files={"features/a/first.feature": FIRST.replace("@here", "@not_today").format(step="* x")},
        record="passed skipped passed passed",
        console="3 passed, 1 skipped",
        json="passed skipped passed passed",
        marks="...S",
    ),
    Row(
        "the run stops at the first failure",
        options=("--stop",),
        step="Then 7 books are left",
        record="passed failed not_run not_run",
        console="1 passed, 1 failed, 2 untested",
        json="passed failed - -",
        marks=".F",
        rerun=("Here", "In the rule", "After"),
        said=(("failed", f"{PLACES['Here']}  Here"), ("not run", "2 scenarios")),
    ),
    ending("Ctrl-C in a step", by="SIGINT", step="When the run is ended by SIGINT"),
    ending("SIGTERM in a step", by="SIGTERM", step="When the run is ended by SIGTERM"),
    ending("SIGHUP in a step", by="SIGHUP", step="When the run is ended by SIGHUP"),
]


def project_of(row: Row, jobs: int, folder: Path) -> Project:
    project = Project.of(row.sample, folder)
    shutil.rmtree(project.folder / "features")
    # One after the other also where there are workers: what has run by then is known.
    first, second = (ALONE + FIRST, ALONE + SECOND) if jobs > 1 else (FIRST, SECOND)
    if row.sample == "notes":
        first = first.replace("@here", "@here @redis")
        project.write("steps/killing.py", KILLING)
    project.write("features/a/first.feature", first.format(step=row.step))
    project.write("features/b/second.feature", second)
    for path, text in row.files.items():
        project.write(path, text)
        if path.startswith("bin/"):
            (project.folder / path).chmod(0o755)
    return project


def by_name(words: str) -> dict[str, str]:
    pairs = zip(NAMES, words.replace("not_run", "not-run").split(), strict=True)
    return {name: word.replace("-run", " run") for name, word in pairs if word != "-"}


def counted(words: str) -> dict[str, int]:
    pairs = [pair.split() for pair in words.split(", ") if pair]
    return {name: int(count) for count, name in pairs}


JUNIT = {"passed": "passed", "failed": "failure", "skipped": "skipped", "not run": "skipped"}


def junit_of(row: Row) -> dict[str, str]:
    """The element that each case has; what no scenario shows is a case of its own."""
    scenarios = {"Here": "skipped"} | by_name(row.record)
    cases = {name: JUNIT.get(outcome, "error") for name, outcome in scenarios.items()}
    problems = [place.replace(" ", " of ", 1) for place in row.around]
    return cases | dict.fromkeys((*problems, *row.broken), "error")


def placed_in(jobs: int) -> Callable[[str], str]:
    """Takes the line of the tag away that features have where there are workers."""
    line = re.compile(r"(?<=\.feature:)\d+")
    return lambda text: line.sub(lambda found: str(int(found[0]) - (jobs > 1)), text)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.trouble)
def test_everything_that_tells_of_a_run_says_the_same(row: Row, jobs: int, tmp_path: Path) -> None:
    options = ("-r", "truestep.runner:Runner", "-j", str(jobs), *row.options)
    project = project_of(row, jobs, tmp_path)
    placed = placed_in(jobs)
    path = f"{project.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    told = Told.by(project, *options, environment={"PATH": path})
    assert told.run.code == row.code, told.run.out + told.run.err
    assert told.outcomes == by_name(row.record)
    # Each worker has hooks of the run, and of a feature that it runs a part of.
    assert list(dict.fromkeys(map(placed, told.around))) == list(row.around)
    assert told.success is (row.code == 0)
    assert told.facts["exit_code"] == row.code
    assert told.facts["counts"] == Counter(by_name(row.record).values())
    assert told.counts == counted(row.console)
    assert told.by_json == by_name(row.json)
    assert {placed(name): element for name, element in told.junit.items()} == junit_of(row)
    assert told.marks == Counter(row.marks)
    assert list(map(placed, told.rerun)) == [PLACES[name] for name in row.rerun]
    assert [(word, placed(place)) for word, place, *_ in told.said] == list(row.said)
