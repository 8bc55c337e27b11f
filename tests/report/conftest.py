"""A run of a tea shop, in which everything that can happen has happened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.report.build import PENDING, START, UNDEFINED, RunBuilder, Went

TEA = """\
@postgres @shop
Feature: Tea is served
  Whoever orders **tea** gets it, *hot*.

  Background:
    Given the kettle is on

  Scenario: One cup
    When "Ada" orders 1 cup
    Then 1 cup is served

  Rule: Big orders take longer

    A big order is one of [ten](https://example.com) cups.

    Background:
      Given the big kettle is on

    @slow
    Scenario: Ten cups
      When the order is:
        | tea   | cups |
        | green | 4    |
        | black | 6    |
      Then this is said:
        \"\"\"
        Please wait,
          it takes a while.
        \"\"\"

    Scenario Outline: <cups> cups in <minutes> minutes
      When <cups> cups are ordered
      Then they come after <minutes> minutes

      Examples: by day
        | cups | minutes |
        | 12   | 3       |
        | 20   | 5       |

      @night
      Examples: by night
        | cups | minutes |
        | 12   | 9       |

    Scenario Outline: Hot or not
      Then <tea> is hot

      Examples:
        | tea   |
        | green |
        | black |
"""
MILK = """\
Feature: Milk
  Scenario: Fresh
    * it is fresh
  Scenario: Sour
    * it is sour
  Scenario: Undefined
    * nobody knows
  Scenario: Pending
    * soon
  Scenario: Server gone
    * the server answers
  Scenario: Never reached
    * it is fresh
  Scenario: Left out
    * it is fresh
"""


def evidence() -> dict[str, Any]:
    """What was kept of a scenario that began at START + 2.25 s and failed 0.75 s later."""

    def at(milliseconds: float) -> str:
        return (START + timedelta(seconds=2.25, milliseconds=milliseconds)).isoformat()

    return {
        "entries": [
            {"at": at(540), "kind": "event", "title": "cups.served [0] @ 12", "detail": "late"},
            {"at": at(0), "kind": "step", "title": "Given the kettle is on"},
            {"at": at(12.5), "kind": "row", "title": "cups: 1 added", "data": {"id": 1}},
            {"at": at(500), "kind": "error", "title": "AssertionError: cold"},
        ],
        "sections": {
            "rows": [{"table": "cups", "before": None, "after": {"id": 1}}],
            "logs": {"postgres": ["LOG: ready", "LOG: bye"]},
            "keys": {"cup:1": "hot"},
            "events": [],
        },
    }


STORY = {
    "Ten cups": Went(at=3, message="Expected: 'tea'\n     but: was 'milk'", evidence=evidence()),
    "20 cups in 5 minutes": Went(at=2, kind="ValueError", message="", trace="Traceback …"),
    "Sour": Went(at=-1, kind="RuntimeError", message="the hook spilled it"),
    "Undefined": Went(at=0, status=UNDEFINED),
    "Pending": Went(at=0, status=PENDING),
    "Server gone": Went(at=0, kind="ServiceError", message="postgres died"),
    "Never reached": Went(is_reached=False),
    "Left out": Went(is_selected=False),
}
SERVICES = [
    {
        "name": "postgres",
        "title": "PostgreSQL",
        "version": "18.6",
        "backend": "embedded",
        "why": "no Docker engine",
        "took_s": 0.42,
        "owner": "run",
    }
]


def build_tea(folder: Path, **facts: Any) -> Path:
    """Writes the run directory of the tea shop."""
    builder = RunBuilder(folder)
    builder.feature("features/shop/tea.feature", TEA)
    builder.feature("features/milk.feature", MILK)
    builder.run(lambda name: STORY.get(name, Went()))
    facts = {"services": SERVICES, "git": {"commit": "abc1234def", "branch": "main"}} | facts
    return builder.finish(success=False, **facts)


@pytest.fixture
def tea(tmp_path: Path) -> Path:
    """The run directory of the tea shop."""
    return build_tea(tmp_path / "reports" / "20310203T102030000Z-aaaa")
