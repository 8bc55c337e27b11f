"""A run directory is read for what it says, whatever became of the run."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.report.build import START, RunBuilder, Went
from truestep.errors import TruestepError
from truestep.report.outcome import Outcome
from truestep.report.reading import read_run
from truestep.report.run import Outline, Scenario

GOLDEN = sorted((Path(__file__).parents[1] / "golden/runs").glob("*/run.json"))


def scenario(folder: Path, name: str) -> Scenario:
    [found] = [one for one in read_run(folder).scenarios if one.name == name]
    return found


@pytest.mark.parametrize("facts", GOLDEN, ids=lambda path: path.parent.name)
def test_real_run_is_counted_as_it_counted_itself(facts: Path) -> None:
    run = read_run(facts.parent)
    counted = {str(outcome): count for outcome, count in run.count().items() if count}
    assert counted == json.loads(facts.read_text())["counts"]
    assert run.about[0].is_complete
    for failure in run.failures:
        assert failure.failing, failure.name


def test_each_scenario_ends_in_its_own_way(tea: Path) -> None:
    assert {one.name: str(one.outcome) for one in read_run(tea).scenarios} == {
        "One cup": "passed",
        "Ten cups": "failed",
        "12 cups in 3 minutes": "passed",
        "20 cups in 5 minutes": "error",
        "12 cups in 9 minutes": "passed",
        "Hot or not (tea: green)": "passed",
        "Hot or not (tea: black)": "passed",
        "Fresh": "passed",
        "Sour": "error",
        "Undefined": "undefined",
        "Pending": "pending",
        "Server gone": "infrastructure",
        "Never reached": "not run",
        "Left out": "skipped",
    }


def test_steps_keep_their_values_tables_and_texts(tea: Path) -> None:
    ten = scenario(tea, "Ten cups")
    assert [(step.keyword, step.text, step.is_background) for step in ten.steps] == [
        ("Given", "the kettle is on", True),
        ("Given", "the big kettle is on", True),
        ("When", "the order is:", False),
        ("Then", "this is said:", False),
    ]
    assert ten.steps[2].table == (("tea", "cups"), ("green", "4"), ("black", "6"))
    assert ten.steps[3].doc_string == "Please wait,\n  it takes a while."
    assert (ten.feature, ten.rule, ten.uri) == (
        "Tea is served",
        "Big orders take longer",
        "features/shop/tea.feature",
    )
    assert ten.tags == ("@postgres", "@shop", "@slow")
    assert ten.place == "features/shop/tea.feature:20"
    assert ten.failing is ten.steps[3]
    assert ten.started == START + timedelta(seconds=1)
    assert ten.took_s == 1.25


def test_outline_keeps_its_examples_with_their_headings(tea: Path) -> None:
    [section] = [one for one in read_run(tea).features[0].sections if one.name]
    outline = section.items[1]
    assert isinstance(outline, Outline)
    assert [step.text for step in outline.steps] == [
        "<cups> cups are ordered",
        "they come after <minutes> minutes",
    ]
    assert [(table.name, table.tags) for table in outline.examples] == [
        ("by day", ()),
        ("by night", ("@night",)),
    ]
    assert [cells for cells, _ in outline.examples[0].rows] == [("12", "3"), ("20", "5")]


def test_descriptions_lose_their_indentation_and_nothing_else(tea: Path) -> None:
    feature = read_run(tea).features[0]
    assert feature.description == "Whoever orders **tea** gets it, *hot*."
    assert feature.sections[1].description == (
        "A big order is one of [ten](https://example.com) cups."
    )


def test_hook_that_failed_is_a_step_and_the_others_are_not_shown(tea: Path) -> None:
    assert [step.hook for step in scenario(tea, "Sour").steps] == ["", "after_scenario"]
    assert [step.hook for step in scenario(tea, "Fresh").steps] == [""]


def test_killed_run_shows_what_it_got_to(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", "Feature: A\n  Scenario: S\n    * x\n  Scenario: T\n    * y\n")
    builder.run(lambda name: Went(is_reached=name == "S"))
    folder = builder.cut()
    record = folder / "messages.ndjson"
    lines = record.read_text().splitlines(keepends=True)
    started = next(n for n, line in enumerate(lines) if "testStepStarted" in line)
    ended = next(n for n, line in enumerate(lines) if "testCaseFinished" in line)
    # The kill came while the step ran, and the next line was being written.
    record.write_text("".join([*lines[: started + 1], *lines[ended + 1 :]]) + '{"testStepFin')
    run = read_run(folder)
    assert [one.outcome for one in run.scenarios] == [Outcome.ERROR, Outcome.NOT_RUN]
    first = next(iter(run.scenarios))
    assert first.failing
    assert first.failing.problem
    assert first.failing.problem.message == (
        "The run was stopped while this ran, so nobody knows how it ends."
    )
    assert not run.about[0].is_complete
    assert run.about[0].took_s is None


def test_failed_hook_of_the_run_is_a_problem_of_the_run(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.run_hook("no such database", kind="ServiceError")
    [problem] = read_run(builder.finish(success=False)).problems
    assert (problem.where, problem.outcome) == ("before_all", Outcome.INFRASTRUCTURE)
    assert problem.problem.message == "no such database"


def test_same_name_twice_in_a_file_makes_two_keys(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    again = "  Scenario: S\n    * x\n"
    rule = f"  Rule: R\n{again}"
    builder.feature("features/a b.feature", f"Feature: A\n{again}{rule}")
    builder.feature("features/a-b.feature", f"Feature: B\n{again}")
    builder.run()
    scenarios = list(read_run(builder.finish()).scenarios)
    assert [one.key for one in scenarios] == [
        "features/a b.feature: S",
        "features/a b.feature: S (2)",
        "features/a-b.feature: S",
    ]
    assert [one.slug for one in scenarios] == ["a-b-s", "a-b-s-2", "a-b-s-3"]


def test_names_of_any_alphabet_have_an_address(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("features/茶.feature", "Feature: 茶\n  Scenario: 一杯 «é»\n    * x\n")
    builder.run()
    [one] = read_run(builder.finish()).scenarios
    assert one.slug == "茶-一杯-é"


def test_evidence_in_a_file_is_read_and_linked(tmp_path: Path) -> None:
    folder = with_attachment(tmp_path, "evidence/7.json")
    (folder / "evidence").mkdir()
    (folder / "evidence/7.json").write_text('{"entries": [{"kind": "log", "title": "hello"}]}')
    [one] = read_run(folder).scenarios
    assert [entry.title for entry in one.evidence.entries] == ["hello"]
    assert one.evidence.file == "evidence/7.json"


@pytest.mark.parametrize("url", ["../secret.json", "/etc/hostname", "evidence/../../secret.json"])
def test_file_outside_of_the_run_directory_is_not_read(tmp_path: Path, url: str) -> None:
    (tmp_path / "secret.json").write_text('{"entries": [{"kind": "log", "title": "secret"}]}')
    folder = with_attachment(tmp_path, url)
    (folder / "evidence").mkdir()
    [one] = read_run(folder).scenarios
    assert one.evidence.entries == ()
    assert one.evidence.file == ""


def with_attachment(place: Path, url: str) -> Path:
    builder = RunBuilder(place / "run")
    builder.feature("a.feature", "Feature: A\n  Scenario: S\n    * x\n")
    builder.run(lambda _: Went(evidence={}))
    folder = builder.finish()
    record = folder / "messages.ndjson"
    record.write_text(record.read_text().replace('"body": "{}"', f'"body": "", "url": "{url}"'))
    return folder


def test_folder_that_no_run_has_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(TruestepError) as caught:
        read_run(tmp_path)
    assert str(caught.value) == (
        "a run cannot be read: No such file or directory\n"
        f"  Looked at: {tmp_path / 'messages.ndjson'}\n"
        "  Try: name a folder that behave has made, such as reports/latest: "
        "it has messages.ndjson"
    )


def test_record_that_somebody_has_edited_is_refused_with_its_line(tea: Path) -> None:
    record = tea / "messages.ndjson"
    lines = record.read_text().splitlines()
    record.write_text("\n".join([*lines[:2], "nonsense", *lines[2:]]))
    with pytest.raises(TruestepError, match=r"messages\.ndjson, line 3"):
        read_run(tea)


def test_latest_may_be_a_file_that_names_the_folder(tea: Path) -> None:
    latest = tea.parent / "latest"
    latest.write_text(f"{tea.name}\n")
    assert read_run(latest).about[0].run_id == tea.name
