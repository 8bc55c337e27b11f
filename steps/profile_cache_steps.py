"""Profiles are cached, expire, and are forgotten."""

from behave import given, register_type, then, when
from hamcrest import assert_that, close_to, equal_to, greater_than, less_than, none, not_none

from examples.users.specs.cached import cached
from examples.users.specs.words import WORDS
from truestep.polling import eventually

register_type(**WORDS)


@given("{person:Person} calls herself:")
def step_calls_herself(context, person):
    cached(context).call(person, context.text)


@given("{person:Person}'s profile is cached for {kept_for:Duration}")
@when("{person:Person}'s profile is cached for {kept_for:Duration}")
@when("{person:Person}'s profile is cached again for {kept_for:Duration}")
def step_cached_for(context, person, kept_for):
    cached(context).keep(person, kept_for)


@given("{person:Person}'s profile is cached for good")
@when("{person:Person}'s profile is cached for good")
def step_cached_for_good(context, person):
    cached(context).keep(person, None)


@then("the cache still has {person:Person}'s profile")
def step_still_has(context, person):
    assert_that(cached(context).get(person), not_none(), f"{person}'s cached profile")


@then("the cache has {person:Person}'s profile, equal in every detail")
def step_has_equal(context, person):
    assert_that(cached(context).get(person), equal_to(cached(context).original(person)))


@given("the cache does not have {person:Person}'s profile")
@then("the cache does not have {person:Person}'s profile")
def step_does_not_have(context, person):
    assert_that(cached(context).get(person), none(), f"{person}'s cached profile")


@then("the cache loses {person:Person}'s profile within {seconds:d} seconds")
def step_loses(context, person, seconds):
    what = f"that {person}'s profile expires"
    eventually(lambda: cached(context).get(person), none(), what=what, within_s=seconds)


@then("{person:Person}'s profile has about {seconds:d} seconds left")
def step_seconds_left(context, person, seconds):
    assert_that(cached(context).seconds_left(person), close_to(seconds, 2))


@then("{person:Person}'s profile has no time limit")
def step_no_limit(context, person):
    assert_that(cached(context).seconds_left(person), none())


@then("all this really took less than a second")
def step_took_less_than_a_second(context):
    assert_that(cached(context).really_passed_s(), less_than(1.0))


@then("a real second has passed")
def step_real_second(context):
    assert_that(cached(context).really_passed_s(), greater_than(0.99))
