"""What is remembered for behave is what behave would have worked out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from behave.matchers import Match
from behave.model_type import Status

from truestep.runner.remembered import remember

QUESTIONS = ("has_failed", "is_error", "is_failure", "is_final", "is_hook_error", "is_untested")


class Anything:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # nobody asks for it


@pytest.fixture(autouse=True)
def remembered() -> None:
    remember()


@pytest.mark.parametrize("question", QUESTIONS)
def test_status_answers_as_behave_says(question: str) -> None:
    ask = getattr(Status, question)
    assert [ask(one) for one in Status] == [ask.__wrapped__(one) for one in Status]
    assert {ask(one) for one in Status} == {True, False}


@pytest.mark.parametrize("other", ["passed", Status.passed, Anything()])
def test_status_equals_its_name_itself_and_what_says_so(other: Any) -> None:
    assert Status.passed == other
    assert other == Status.passed


@pytest.mark.parametrize("other", ["failed", Status.failed, 11, None])
def test_status_equals_nothing_else(other: Any) -> None:
    assert Status.passed != other
    assert other != Status.passed


def test_place_of_a_step_is_told_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path.cwd()
    before = str(Match(test_status_equals_nothing_else).location)
    assert before.startswith("tests/unit/test_remembered.py:")
    monkeypatch.chdir(tmp_path)
    after = str(Match(test_status_equals_nothing_else).location)
    assert after == f"{os.path.relpath(here, tmp_path)}/{before}"
