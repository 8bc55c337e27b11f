"""allure-behave works beside our runner, and both tell the same."""

from __future__ import annotations

import json
from pathlib import Path

from tests.behaviour.truth import Told
from tests.project import Project

FEATURE = """\
Feature: Shelf
  Scenario: Works
    When a book is borrowed
  Scenario: Fails
    Then 7 books are left
  Scenario: Breaks
    When the shelf breaks
"""


def test_results_for_allure_are_written_beside_our_reports(tmp_path: Path) -> None:
    shelf = Project.of("troubles", tmp_path)
    shelf.write("features/shelf.feature", FEATURE)
    formatter = ("-f", "allure_behave.formatter:AllureFormatter", "-o", "out/allure")
    told = Told.by(shelf, *formatter, "features/shelf.feature")
    assert told.run.code == 1
    assert told.outcomes == {
        "Works": "passed",
        "Fails": "failed",
        "Breaks": "error",
    }
    results = [
        json.loads(path.read_text()) for path in (shelf.folder / "out/allure").glob("*-result.json")
    ]
    assert {one["name"]: one["status"] for one in results} == {
        "Works": "passed",
        "Fails": "failed",
        "Breaks": "broken",
    }
    assert "Warning" not in told.run.err
