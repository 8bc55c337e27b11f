"""How long scenarios took: what is kept of it, by which key."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from behave.parser import parse_feature

from truestep.runner.timings import KEPT_DAYS, Timings, scenario_key

NOW = 1_800_000_000.0
DAY = 86_400

FEATURE = """
Feature: Mail
  Scenario: A letter
    Given a stamp
  Scenario Outline: A parcel of <kg> kg
    Given a stamp
    Examples: heavy
      | kg | to   |
      | 9  | Rome |
      | 7  | Oslo |
  Rule: Abroad
    Scenario: A letter
      Given a stamp
    Scenario Outline: To <where>
      Given a stamp
      Examples:
        | where |
        | Rome  |
"""


def keys(text: str, filename: str) -> list[str]:
    feature = parse_feature(text, filename=filename)
    return [scenario_key(scenario) for scenario in feature.walk_scenarios()]


def remembered(took_s: dict[str, float], now: float = NOW) -> Timings:
    timings = Timings()
    timings.remember(took_s, now=now)
    return timings


def test_a_scenario_is_known_by_its_file_rule_name_and_example() -> None:
    assert keys(FEATURE, "features/mail.feature") == [
        "features/mail.feature | A letter",
        "features/mail.feature | A parcel of <kg> kg | kg: 9, to: Rome",
        "features/mail.feature | A parcel of <kg> kg | kg: 7, to: Oslo",
        "features/mail.feature | Rule: Abroad | A letter",
        "features/mail.feature | Rule: Abroad | To <where> | where: Rome",
    ]


def test_a_key_does_not_tell_where_the_project_is_nor_on_which_system() -> None:
    expected = keys(FEATURE, "features/mail.feature")
    assert keys(FEATURE, str(Path.cwd() / "features" / "mail.feature")) == expected
    assert keys(FEATURE, "./features/mail.feature") == expected
    assert keys(FEATURE, r"features\mail.feature") == expected


def test_a_key_stays_when_lines_and_examples_are_added_above() -> None:
    longer = FEATURE.replace("  Scenario: A letter\n", "  # a line\n  Scenario: A letter\n", 1)
    longer = longer.replace("      | 9  | Rome |\n", "      | 1 | Bern |\n      | 9  | Rome |\n")
    assert set(keys(FEATURE, "mail.feature")) < set(keys(longer, "mail.feature"))


def test_what_is_remembered_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "timings.json"
    remembered({"a": 2.0, "b \udc80 ä": 0.0}).write(path, now=NOW)
    timings = Timings.read(path)
    assert timings.warning is None
    assert timings.expected_s("a") == 2.0
    assert timings.expected_s("b \udc80 ä") == 0.0
    assert timings.expected_s("c") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_last_run_counts_as_much_as_those_before() -> None:
    timings = remembered({"a": 1.0})
    timings.remember({"a": 3.0})
    assert timings.expected_s("a") == 2.0


def test_what_was_never_seen_is_expected_to_be_typical() -> None:
    assert Timings().expected_or_typical("new") == 1.0
    timings = remembered({"a": 1.0, "b": 2.0, "c": 9.0})
    assert timings.expected_or_typical("new") == 2.0
    assert timings.expected_or_typical("c") == 9.0
    timings.remember({"d": 9.0, "e": 9.0})
    assert timings.expected_or_typical("new") == 9.0


def test_without_a_file_nothing_is_known_and_nothing_is_wrong(tmp_path: Path) -> None:
    timings = Timings.read(tmp_path / "none.json")
    assert timings.warning is None
    assert timings.expected_s("a") is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"scenarios": []}',
        '{"scenarios": {"a": 1}}',
        '{"scenarios": {"a": [1]}}',
        '{"scenarios": {"a": ["x", 1]}}',
        '{"scenarios": {"a": [-1, 1]}}',
        '{"scenarios": {"a": [NaN, 1]}}',
        '{"scenarios": {"a": [1e999, 1]}}',
        '{"scenarios": {"a": [1' + "0" * 400 + ", 1]}}",
        "\udcff",
    ],
)
def test_a_damaged_file_is_a_warning_and_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "timings.json"
    path.write_bytes(os.fsencode(content))
    timings = Timings.read(path)
    assert timings.expected_s("a") is None
    assert timings.warning == (
        "truestep: WARNING: how long scenarios took before is not known: it is not one that was "
        "written by a run\n"
        f"  Looked at: {path}\n"
        "  Try: remove that file; the next run writes a new one"
    )
    timings.write(path)
    assert Timings.read(path).warning is None


def test_what_another_run_has_written_since_stays(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    first, second = Timings.read(path), Timings.read(path)
    first.remember({"a": 1.0, "both": 1.0}, now=NOW)
    second.remember({"b": 2.0, "both": 3.0}, now=NOW + 1)
    second.write(path, now=NOW)
    first.write(path, now=NOW)
    timings = Timings.read(path)
    assert [timings.expected_s(key) for key in ("a", "b", "both")] == [1.0, 2.0, 3.0]


def test_of_several_files_the_latest_of_each_scenario_counts(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.json" for index in range(3)]
    remembered({"a": 1.0, "b": 1.0}).write(paths[0], now=NOW)
    remembered({"b": 2.0}, now=NOW + 5).write(paths[1], now=NOW)
    paths[2].write_text("damaged")
    for order in (paths, paths[::-1]):
        merged = Timings.merge(order)
        assert merged.expected_s("a") == 1.0
        assert merged.expected_s("b") == 2.0
        assert str(merged.warning).count("WARNING") == 1


def test_what_was_not_seen_for_long_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    timings = remembered({"old": 1.0}, now=NOW - KEPT_DAYS * DAY - 1)
    timings.remember({"kept": 1.0}, now=NOW - KEPT_DAYS * DAY + 1)
    timings.write(path, now=NOW)
    assert list(json.loads(path.read_text())["scenarios"]) == ["kept"]
