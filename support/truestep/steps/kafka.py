"""Steps about events: technical on purpose, to begin with and to build your own words on.

A step that receives waits up to 5 seconds, or as long as it says. All of them read the events of
this scenario anew, so that several steps can look at the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from behave import given, step, then, when
from behave.runner import Context
from hamcrest import assert_that
from hamcrest.core.matcher import Matcher

from truestep.matchers.event_count import event_count
from truestep.matchers.event_like import EventLike, any_event, event_like, event_with
from truestep.matchers.events_in_order import events_in_order
from truestep.matchers.has_event import has_event
from truestep.matchers.no_event import no_event
from truestep.matchers.not_json_event import has_event_not_json
from truestep.matchers.partial_json import partial_json
from truestep.polling import eventually
from truestep.services.kafka.events import Event
from truestep.steps import durations, quoted  # noqa: F401  # register Duration and Quoted
from truestep.steps.doc_string import json_doc_string, json_list, json_object
from truestep.steps.event_table import event_table
from truestep.steps.kept import fill, keep

WITHIN = timedelta(seconds=5)


@given('an event is published to "{topic:Quoted}":')
@when('an event is published to "{topic:Quoted}":')
def publish(context: Context, topic: str) -> None:
    """Sends the JSON of the doc string; returns when it is acknowledged."""
    context.kafka.publish(topic, json_doc_string(context))


@given('an event is published to "{topic:Quoted}" with key "{key:Quoted}":')
@when('an event is published to "{topic:Quoted}" with key "{key:Quoted}":')
def publish_with_key(context: Context, topic: str, key: str) -> None:
    """Sends the JSON of the doc string with a key; events of one key stay in order."""
    context.kafka.publish(topic, json_doc_string(context), key=fill(context, key))


@given(
    'an event is published to "{topic:Quoted}" with header "{name:Quoted}" set to "{text:Quoted}":'
)
@when(
    'an event is published to "{topic:Quoted}" with header "{name:Quoted}" set to "{text:Quoted}":'
)
def publish_with_header(context: Context, topic: str, name: str, text: str) -> None:
    """Sends the JSON of the doc string with a header."""
    context.kafka.publish(topic, json_doc_string(context), headers={name: fill(context, text)})


@given('these events are published to "{topic:Quoted}":')
@when('these events are published to "{topic:Quoted}":')
def publish_all(context: Context, topic: str) -> None:
    """Sends one event per row: the column value is JSON, key and 'header NAME' are optional."""
    for row in event_table(context):
        context.kafka.publish(topic, row.value, key=row.key, headers=row.headers)


@given('the text "{text}" is published to "{topic:Quoted}"')
@when('the text "{text}" is published to "{topic:Quoted}"')
def publish_text(context: Context, text: str, topic: str) -> None:
    """Sends a text as it is, whether or not it is JSON."""
    context.kafka.publish(topic, fill(context, text))


@then('an event is received from "{topic:Quoted}" matching:')
def receive(context: Context, topic: str) -> None:
    """Waits for an event whose JSON has at least what the doc string has."""
    _await(context, topic, event_with(json_doc_string(context)))


@then('within {within:Duration} an event is received from "{topic:Quoted}" matching:')
def receive_within(context: Context, within: timedelta, topic: str) -> None:
    """Waits that long for an event whose JSON has at least what the doc string has."""
    _await(context, topic, event_with(json_doc_string(context)), within)


@then('an event with key "{key:Quoted}" is received from "{topic:Quoted}"')
def receive_key(context: Context, key: str, topic: str) -> None:
    """Waits for an event with that key."""
    _await(context, topic, event_like(key=fill(context, key)))


@then('an event with key "{key:Quoted}" is received from "{topic:Quoted}" matching:')
def receive_key_matching(context: Context, key: str, topic: str) -> None:
    """Waits for an event with that key whose JSON has at least what the doc string has."""
    value = partial_json(json_doc_string(context))
    _await(context, topic, event_like(value=value, key=fill(context, key)))


@then(
    'an event with header "{name:Quoted}" set to "{text:Quoted}" is received from "{topic:Quoted}"'
)
def receive_header(context: Context, name: str, text: str, topic: str) -> None:
    """Waits for an event with that header."""
    _await(context, topic, event_like(headers={name: fill(context, text)}))


@then('events are received from "{topic:Quoted}" in this order:')
def receive_in_order(context: Context, topic: str) -> None:
    """Waits until exactly these events have come: a data table, or a JSON list as doc string."""
    _await_in_order(context, topic, WITHIN)


@then('within {within:Duration} events are received from "{topic:Quoted}" in this order:')
def receive_in_order_within(context: Context, within: timedelta, topic: str) -> None:
    """Waits that long until exactly these events have come."""
    _await_in_order(context, topic, within)


@then('exactly {count:d} events are received from "{topic:Quoted}"')
@then('exactly {count:d} event is received from "{topic:Quoted}"')
def receive_count(context: Context, count: int, topic: str) -> None:
    """Waits until so many events have come, and fails at once when there are more."""
    _await_count(context, topic, count, any_event())


@then('exactly {count:d} events are received from "{topic:Quoted}" matching:')
@then('exactly {count:d} event is received from "{topic:Quoted}" matching:')
def receive_count_matching(context: Context, count: int, topic: str) -> None:
    """Waits until so many events have come whose JSON has at least what the doc string has."""
    _await_count(context, topic, count, event_with(json_doc_string(context)))


@then('no event is received from "{topic:Quoted}"')
def receive_none(context: Context, topic: str) -> None:
    """Reads all that was sent up to now, and there is nothing."""
    _assert_none(context, topic, any_event())


@then('no event is received from "{topic:Quoted}" matching:')
def receive_none_matching(context: Context, topic: str) -> None:
    """Reads all that was sent up to now, and nothing has what the doc string has."""
    _assert_none(context, topic, event_with(json_doc_string(context)))


@then('the text "{text}" that is not JSON is received from "{topic:Quoted}"')
def receive_not_json(context: Context, text: str, topic: str) -> None:
    """Waits for an event that is that text and not JSON."""
    _await_events(context, topic, has_event_not_json(fill(context, text)), WITHIN)


@step('the "{field:Quoted}" of the event from "{topic:Quoted}" is saved as <{name}>, matching:')
def keep_field(context: Context, field: str, topic: str, name: str) -> None:
    """Waits for an event that matches the doc string, and keeps a field: `<name>` stands for it."""
    like = event_like(value=partial_json({field: "<any>"} | json_object(context)))
    found = _await(context, topic, like)
    keep(context, name, next(filter(like.matches, found)).json()[field])


def _await(
    context: Context, topic: str, like: EventLike, within: timedelta = WITHIN
) -> Sequence[Event]:
    return _await_events(context, topic, has_event(like), within)


def _await_events(
    context: Context, topic: str, matcher: Matcher[Sequence[Event]], within: timedelta
) -> Sequence[Event]:
    def events() -> Sequence[Event]:
        seen: list[Event] = context.kafka.events(topic)
        return seen

    what = f'an event from "{topic}"'
    return eventually(events, matcher, what=what, within_s=within.total_seconds())


def _assert_none(context: Context, topic: str, like: EventLike) -> None:
    assert_that(context.kafka.events(topic), no_event(like), f'the events from "{topic}"')


def _await_in_order(context: Context, topic: str, within: timedelta) -> None:
    expected = list(_expected(context))
    eventually(
        lambda: _not_more_than(len(expected), context.kafka.events(topic)),
        events_in_order(expected),
        what=f'the events from "{topic}"',
        within_s=within.total_seconds(),
    )


def _await_count(context: Context, topic: str, count: int, like: EventLike) -> None:
    eventually(
        lambda: _not_more_than(count, filter(like.matches, context.kafka.events(topic))),
        event_count(count),
        what=f'the events from "{topic}"',
        within_s=WITHIN.total_seconds(),
    )


def _not_more_than(count: int, events: Iterable[Event]) -> Sequence[Event]:
    """Returns the events, or fails at once: one that has come does not go away by waiting."""
    found = list(events)
    if len(found) > count:
        assert_that(found, event_count(count), "more events have come than expected")
    return found


def _expected(context: Context) -> Iterable[EventLike]:
    if context.table:
        for row in event_table(context):
            yield event_like(value=partial_json(row.value), key=row.key, headers=row.headers)
    else:
        yield from map(event_with, json_list(context))
