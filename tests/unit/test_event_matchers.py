"""How events are matched, and what a mismatch says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hamcrest.core.matcher import Matcher
from hamcrest.core.string_description import StringDescription

from truestep.matchers.event_count import event_count
from truestep.matchers.event_like import any_event, event_like, event_with
from truestep.matchers.events_in_order import events_in_order
from truestep.matchers.has_event import has_event
from truestep.matchers.no_event import no_event
from truestep.matchers.not_json_event import has_event_not_json
from truestep.matchers.partial_json import partial_json
from truestep.services.kafka.events import Event, in_time

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def event(value: Any, *, key: str | None = None, **where: Any) -> Event:
    """Returns an event; a value that is no text becomes JSON."""
    place: dict[str, Any] = {"partition": 0, "offset": 0, "timestamp": MADE, "headers": {}}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Event(topic="orders", key=key, value=text.encode(), **place | where)


def described(matcher: Matcher[Any]) -> str:
    text = StringDescription()
    matcher.describe_to(text)
    return str(text)


def mismatch(matcher: Matcher[Any], item: Any) -> str:
    assert not matcher.matches(item)
    text = StringDescription()
    matcher.describe_mismatch(item, text)
    return str(text)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "x", "d": 0}]}}),
        ({"a": "<any>", "b": "<null>"}, {"a": 0, "b": None}),
        ({"a": 1}, {"a": 1.0}),
        ([], []),
        ("text", "text"),
    ],
)
def test_partial_json_matches_what_has_at_least_that(expected: Any, value: Any) -> None:
    assert partial_json(expected).matches(value)


def test_partial_json_takes_a_time_that_is_now() -> None:
    now = datetime.now(UTC)
    assert partial_json({"a": "<now>"}).matches({"a": now.isoformat()})
    assert not partial_json({"a": "<now>"}).matches({"a": (now - timedelta(hours=1)).isoformat()})


@pytest.mark.parametrize(
    ("expected", "value", "text"),
    [
        ({"a": 1}, {"a": True}, "a differs: true"),
        ({"a": 1}, {"a": "1"}, 'a differs: "1"'),
        ({"a": {"b": 1}}, {"a": {}}, "a.b is missing"),
        ({"a": [1, 2]}, {"a": [1]}, "a has 1 instead of 2 entries"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b differs: 2"),
        ({"a": "<any>", "b": 1}, {"a": None, "b": 2}, "a differs: null; b differs: 2"),
        ({"a": 1}, [1], "the value differs: [1]"),
        ({"a": 1}, {"a": "x" * 100}, 'a differs: "' + "x" * 78 + "…"),
    ],
)
def test_partial_json_names_each_place_that_differs(expected: Any, value: Any, text: str) -> None:
    assert mismatch(partial_json(expected), value) == text


def test_the_nearest_miss_is_named_by_what_happened() -> None:
    wanted = has_event(event_with({"type": "user.created", "email": "ada@example.com"}))
    seen = [event({"type": "user.created", "email": "bob@example.com", "id": 1})]
    assert described(wanted) == 'an event user.created with email "ada@example.com"'
    assert mismatch(wanted, seen) == (
        'no event user.created with email "ada@example.com"; '
        'seen instead: user.created (email differs: "bob@example.com")'
    )


def test_several_misses_are_listed_with_the_nearest_first_and_what_is_not_json_last() -> None:
    wanted = has_event(event_with({"type": "user.created", "email": "ada@example.com"}))
    seen = [
        event("order 42 placed"),
        event({"type": "user.renamed", "email": "bob@example.com"}),
        event({"type": "user.renamed", "email": "ada@example.com"}),
    ]
    assert mismatch(wanted, seen) == (
        'no event user.created with email "ada@example.com"; seen instead:\n'
        "          user.renamed (type differs)\n"
        '          user.renamed (type differs; email differs: "bob@example.com")\n'
        "          not JSON: order 42 placed"
    )


def test_a_long_list_of_misses_is_cut() -> None:
    seen = [event({"id": number}) for number in range(9)]
    text = mismatch(has_event(event_with({"id": 10})), seen)
    assert text.splitlines()[0] == "no event with id 10; seen instead:"
    assert text.splitlines()[-1] == "          and 4 more"


def test_nothing_seen_is_said_so() -> None:
    assert (
        mismatch(has_event(event_with({"id": 1})), []) == "no event with id 1; none was seen at all"
    )


def test_key_and_headers_are_compared_when_they_are_asked_for() -> None:
    wanted = has_event(event_like(key="42", headers={"source": "shop", "trace": "1"}))
    assert described(wanted) == (
        'an event with key "42" and header source "shop" and header trace "1"'
    )
    assert wanted.matches([event("x", key="42", headers={"source": "shop", "trace": "1", "n": ""})])
    assert mismatch(wanted, [event("x", headers={"source": "web"})]) == (
        'no event with key "42" and header source "shop" and header trace "1"; seen instead: '
        'not JSON: x (key differs: null; header source differs: "web"; header trace is missing)'
    )


def test_no_event_shows_the_one_that_was_there() -> None:
    seen = [event({"id": 1}), event({"id": 2})]
    assert no_event(event_with({"id": 3})).matches(seen)
    assert mismatch(no_event(event_with({"id": 2})), seen) == 'there was {"id": 2}'
    assert mismatch(no_event(any_event()), seen) == 'there was {"id": 1} and {"id": 2}'


def test_a_wrong_number_of_events_shows_those_that_came() -> None:
    assert event_count(0).matches([])
    assert described(event_count(1)) == "exactly 1 event"
    assert mismatch(event_count(2), [event({"id": 1})]) == '1 event came: {"id": 1}'
    assert mismatch(event_count(2), []) == "no events came"


def test_an_event_that_is_not_json_is_found_by_its_text() -> None:
    wanted = has_event_not_json("order 42 placed")
    assert wanted.matches([event({"id": 1}), event("order 42 placed")])
    assert mismatch(wanted, [event("something else")]) == "not JSON were: something else"
    assert mismatch(wanted, [event({"id": 1})]) == "all events were JSON"
    assert mismatch(has_event_not_json('{"id": 1}'), []) == "no event was seen at all"


def test_the_order_within_a_partition_is_that_of_the_offsets() -> None:
    seen = [event({"id": 1}, offset=0), event({"id": 2}, offset=1)]
    assert events_in_order([event_with({"id": 1}), event_with({"id": 2})]).matches(seen)
    assert mismatch(events_in_order([event_with({"id": 2}), event_with({"id": 1})]), seen) == (
        'number 1 was not the event with id 2; seen instead: {"id": 1} (id differs: 1)'
    )


def test_the_order_between_partitions_is_that_of_time() -> None:
    later = MADE + timedelta(milliseconds=1)
    seen = [event({"id": 2}, partition=0, timestamp=later), event({"id": 1}, partition=1)]
    assert events_in_order([event_with({"id": 1}), event_with({"id": 2})]).matches(seen)
    assert not events_in_order([event_with({"id": 2}), event_with({"id": 1})]).matches(seen)


def test_two_events_of_one_millisecond_in_two_partitions_have_no_order() -> None:
    seen = [event({"id": 2}, partition=0), event({"id": 1}, partition=1)]
    assert events_in_order([event_with({"id": 1}), event_with({"id": 2})]).matches(seen)
    assert events_in_order([event_with({"id": 2}), event_with({"id": 1})]).matches(seen)


def test_too_few_and_too_many_events_are_not_in_order() -> None:
    one, other = event({"id": 1}, offset=0), event({"id": 2}, offset=1)
    both = events_in_order([event_with({"id": 1}), event_with({"id": 2})])
    assert mismatch(both, [one]) == "1 of 2 events came; missing is the event with id 2"
    assert mismatch(events_in_order([event_with({"id": 1})]), [one, other]) == (
        'more came: {"id": 2}'
    )


def test_events_of_several_partitions_are_merged_by_time_and_never_swapped_within_one() -> None:
    first, second, third = (MADE + timedelta(milliseconds=ms) for ms in (1, 2, 3))
    backwards = [event("b", offset=0, timestamp=third), event("c", offset=1, timestamp=first)]
    other = [event("a", partition=1, timestamp=second)]
    assert [one.text() for one in in_time([backwards, other])] == ["a", "b", "c"]
