"""Steps about keys: technical on purpose, to begin with and to build your own words on."""

from __future__ import annotations

from datetime import timedelta

from behave import given, step, then, when
from behave.runner import Context
from hamcrest import equal_to, has_entries
from hamcrest.core.matcher import Matcher

from truestep.errors import StepUsageError
from truestep.matchers.same_json import same_json_as
from truestep.matchers.stored import exists, expires_in, has_no_expiry, holds, is_gone
from truestep.polling import eventually
from truestep.services.redis.keys import Key, Stored
from truestep.steps import durations  # noqa: F401  # registers the type Duration
from truestep.steps.data_table import data_table
from truestep.steps.doc_string import doc_string, json_doc_string
from truestep.steps.kept import fill, keep

WITHIN = timedelta(seconds=5)


@given('the key "{key}" holds "{value}"')
@when('the key "{key}" is set to "{value}"')
def set_text(context: Context, key: str, value: str) -> None:
    """Sets the key, whatever it was before; it has no expiry."""
    _key(context, key).set_text(fill(context, value))


@given('the key "{key}" holds "{value}" for {expiry:Duration}')
@when('the key "{key}" is set to "{value}" for {expiry:Duration}')
def set_text_for(context: Context, key: str, value: str, expiry: timedelta) -> None:
    """Sets the key, to expire after that time."""
    _key(context, key).set_text(fill(context, value), expiry)


@given('the key "{key}" holds:')
@when('the key "{key}" is set to:')
def set_doc_string(context: Context, key: str) -> None:
    """Sets the key to the doc string, JSON or any text; it has no expiry."""
    _key(context, key).set_text(doc_string(context))


@given('the key "{key}" holds for {expiry:Duration}:')
@when('the key "{key}" is set for {expiry:Duration} to:')
def set_doc_string_for(context: Context, key: str, expiry: timedelta) -> None:
    """Sets the key to the doc string, to expire after that time."""
    _key(context, key).set_text(doc_string(context), expiry)


@given('the hash "{key}" contains:')
def set_hash(context: Context, key: str) -> None:
    """Makes the key a hash of exactly the rows of the data table: | field | value |."""
    _key(context, key).set_hash(dict(_rows(context, "field", "value")))


@given('the list "{key}" contains:')
def set_list(context: Context, key: str) -> None:
    """Makes the key a list of exactly the rows of the data table: | value |."""
    _key(context, key).set_list([value for [value] in _rows(context, "value")])


@given('the key "{key}" is deleted')
@when('the key "{key}" is deleted')
def delete(context: Context, key: str) -> None:
    """Deletes the key, if it exists."""
    _key(context, key).delete()


@then('the key "{key}" holds "{value}"')
def holds_text(context: Context, key: str, value: str) -> None:
    """Waits until the key is a string with that value."""
    _await(context, key, holds("string", equal_to(fill(context, value))))


@then('the key "{key}" holds:')
def holds_doc_string(context: Context, key: str) -> None:
    """Waits until the key is a string that equals the doc string."""
    _await(context, key, holds("string", equal_to(doc_string(context))))


@then('the key "{key}" holds the JSON:')
def holds_json(context: Context, key: str) -> None:
    """Waits until the key is JSON that says the same as the doc string."""
    _await(context, key, holds("string", same_json_as(json_doc_string(context))))


@then('the hash "{key}" contains exactly:')
def hash_contains_exactly(context: Context, key: str) -> None:
    """Waits until the hash has the fields of the data table and no others."""
    _await(context, key, holds("hash", equal_to(dict(_rows(context, "field", "value")))))


@then('the hash "{key}" contains at least:')
def hash_contains_at_least(context: Context, key: str) -> None:
    """Waits until the hash has the fields of the data table."""
    _await(context, key, holds("hash", has_entries(dict(_rows(context, "field", "value")))))


@then('the list "{key}" contains exactly:')
def list_contains_exactly(context: Context, key: str) -> None:
    """Waits until the list has the values of the data table, in that order, and no others."""
    _await(context, key, holds("list", equal_to([value for [value] in _rows(context, "value")])))


@then('the key "{key}" exists')
def key_exists(context: Context, key: str) -> None:
    """Waits until there is such a key, of any type."""
    _await(context, key, exists())


@given('there is no key "{key}"')
@then('there is no key "{key}"')
@then('the key "{key}" does not exist')
@then('the key "{key}" is gone')
def key_does_not_exist(context: Context, key: str) -> None:
    """Waits until there is no such key."""
    _await(context, key, is_gone())


@then('within {within:Duration} the key "{key}" exists')
def key_exists_within(context: Context, within: timedelta, key: str) -> None:
    """Waits that long until there is such a key."""
    _await(context, key, exists(), within)


@then('within {within:Duration} the key "{key}" is gone')
def key_is_gone_within(context: Context, within: timedelta, key: str) -> None:
    """Waits that long, really, until there is no such key."""
    _await(context, key, is_gone(), within)


@then('the key "{key}" expires within {longest:Duration}')
def key_expires_within(context: Context, key: str, longest: timedelta) -> None:
    """Waits until the key has that much time left, or less."""
    _await(context, key, expires_in(timedelta(0), longest))


@then('the key "{key}" expires in {shortest:Duration} to {longest:Duration}')
def key_expires_in(context: Context, key: str, shortest: timedelta, longest: timedelta) -> None:
    """Waits until the time that the key has left is between the two."""
    _await(context, key, expires_in(shortest, longest))


@then('the key "{key}" has no expiry')
def key_has_no_expiry(context: Context, key: str) -> None:
    """Waits until there is such a key and it stays."""
    _await(context, key, has_no_expiry())


@step('the value of the key "{key}" is saved as <{name}>')
def save_value(context: Context, key: str, name: str) -> None:
    """Waits until the key exists and saves its value: `<name>` stands for it in later steps."""
    keep(context, name, _await(context, key, exists()).value)


def _key(context: Context, key: str) -> Key:
    return Key(context.redis, fill(context, key))


def _await(
    context: Context, key: str, matcher: Matcher[Stored], within: timedelta = WITHIN
) -> Stored:
    name = fill(context, key)
    return eventually(
        _key(context, key).read,
        matcher,
        what=f'the key "{name}"',
        within_s=within / timedelta(seconds=1),
    )


def _rows(context: Context, *columns: str) -> list[list[str]]:
    headings, rows = data_table(context)
    if headings != list(columns):
        raise StepUsageError(
            "the data table does not fit this step",
            seen=f"its columns are {', '.join(headings)}",
            looked="the line after the step",
            remedy=f"name the columns {', '.join(columns)}: | {' | '.join(columns)} |",
        )
    return rows
