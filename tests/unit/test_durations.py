"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from behave.matchers import ParseMatcher

from truestep.steps.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 hour", timedelta(hours=1)),
        ("59 seconds", timedelta(seconds=59)),
        ("500 milliseconds", timedelta(milliseconds=500)),
        ("a week", timedelta(weeks=1)),
        ("an hour", timedelta(hours=1)),
        ("2 Days", timedelta(days=2)),
        ("0.5 seconds", timedelta(milliseconds=500)),
        ("1 minute", timedelta(minutes=1)),
    ],
)
def test_a_number_and_a_unit_make_a_duration(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "hour", "1", "1 fortnight", "-1 hours", "one hour", "1 hours!"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration like '1 hour', '59 seconds' or"):
        parse_duration(text)


def test_a_step_reads_a_duration() -> None:
    matcher = ParseMatcher(lambda: None, 'the key "{key}" holds "{value}" for {time:Duration}')
    found = matcher.match('the key "a" holds "b" for 90 seconds')
    assert {one.name: one.value for one in found.arguments} == {
        "key": "a",
        "value": "b",
        "time": timedelta(seconds=90),
    }


def test_a_step_with_another_word_there_does_not_match() -> None:
    assert ParseMatcher(lambda: None, "{by:Duration} passes").match("the time passes") is None
