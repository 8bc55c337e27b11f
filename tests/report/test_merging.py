"""Several runs become one report, and no failure is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.report.build import START, RunBuilder, Went
from truestep.report.combining import combine
from truestep.report.merging import merged
from truestep.report.outcome import Outcome
from truestep.report.reading import read_run

FEATURE = (
    "Feature: F\n  Scenario: S\n    * x\n  Rule: R\n    Scenario: T\n      * x\n"
    "    Scenario Outline: <n>\n      * x\n"
    "      Examples:\n        | n |\n        | 1 |\n        | 2 |\n"
)


def build(folder: Path, hour: int, how: Callable[[str], Went], feature: str = FEATURE) -> Path:
    builder = RunBuilder(folder, now=START + timedelta(hours=hour))
    builder.feature("a.feature", feature)
    builder.run(how)
    return builder.finish()


def test_shards_become_one_run(tmp_path: Path) -> None:
    one = build(tmp_path / "one", 1, lambda name: Went(is_selected=name in "S1"))
    two = build(tmp_path / "two", 2, lambda name: Went(is_selected=name in "T2"))
    run = merged([read_run(one), read_run(two)])
    assert {scenario.name: scenario.run_id for scenario in run.scenarios} == {
        "S": "one",
        "T": "two",
        "1": "one",
        "2": "two",
    }
    assert set(run.count().items()) >= {(Outcome.PASSED, 4), (Outcome.SKIPPED, 0)}
    assert [about.run_id for about in run.about] == ["one", "two"]


def test_failure_in_one_of_two_backends_is_not_hidden_by_the_other(tmp_path: Path) -> None:
    embedded = build(tmp_path / "embedded", 1, lambda name: Went(at=0 if name == "S" else None))
    docker = build(tmp_path / "docker", 2, lambda _: Went())
    for order in ([embedded, docker], [docker, embedded]):
        run = merged([read_run(folder) for folder in order])
        scenario = next(iter(run.scenarios))
        assert scenario.outcome is Outcome.FAILED
        assert [(one.run_id, one.outcome) for one in scenario.attempts] == [
            ("embedded", Outcome.FAILED),
            ("docker", Outcome.PASSED),
        ]


def test_what_a_run_did_not_reach_another_may_have(tmp_path: Path) -> None:
    cut = build(tmp_path / "cut", 2, lambda _: Went(is_reached=False))
    whole = build(tmp_path / "whole", 1, lambda _: Went())
    assert merged([read_run(cut), read_run(whole)]).count()[Outcome.PASSED] == 4


def test_scenario_that_only_one_run_knows_is_there(tmp_path: Path) -> None:
    old = build(tmp_path / "old", 1, lambda _: Went())
    shorter = "Feature: F\n  Rule: R\n    Scenario: T\n      * x\n"
    new = build(tmp_path / "new", 2, lambda _: Went(), shorter)
    run = merged([read_run(old), read_run(new)])
    assert sorted(scenario.name for scenario in run.scenarios) == ["1", "2", "S", "T"]
    assert [section.name for section in run.features[0].sections] == ["R", ""]


def test_files_of_evidence_of_both_runs_are_beside_the_report(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        only = {"one": "S", "two": "T"}[name]
        folder = build(
            tmp_path / name,
            1,
            lambda called, only=only: Went(at=0, evidence={}, is_selected=called == only),
        )
        (folder / "evidence").mkdir()
        text = json.dumps({"entries": [{"kind": "log", "title": f"of {name}"}]})
        (folder / "evidence/7.json").write_text(text)
        record = folder / "messages.ndjson"
        link = '"body": "", "url": "evidence/7.json"'
        record.write_text(record.read_text().replace('"body": "{}"', link))
        folders.append(folder)
    into = tmp_path / "merged"
    run = combine(folders, into, {}).run
    found = {one.name: one.evidence for one in run.scenarios if one.evidence.file}
    assert {name: one.entries[0].title for name, one in found.items()} == {
        "S": "of one",
        "T": "of two",
    }
    for one in found.values():
        assert f'href="{one.file}"' in (into / "index.html").read_text()
        assert one.entries[0].title in (into / one.file).read_text()
