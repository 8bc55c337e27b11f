"""Profiles are read, from wherever they come."""

from behave import given, register_type, then, when
from hamcrest import assert_that, equal_to, has_properties, none

from examples.users.specs.readings import readings
from examples.users.specs.words import WORDS

register_type(**WORDS)


@given("the profile of {person:Person} was read")
@when("the profile of {person:Person} is read")
def step_read(context, person):
    readings(context).read(person)


@then("it comes from the {source:w}")
def step_comes_from(context, source):
    assert_that(readings(context).last, has_properties(source=source))


@then("it is the same as before")
def step_same_as_before(context):
    assert_that(readings(context).profiles[-1], equal_to(readings(context).profiles[-2]))


@then('it shows the name "{name}"')
def step_shows_name(context, name):
    assert_that(readings(context).profiles[-1], has_properties(name=name))


@then("the cache has the profile that was read")
def step_cache_has_it(context):
    assert_that(readings(context).cached(), equal_to(readings(context).profiles[-1]))


@then("there is no profile")
def step_no_profile(context):
    assert_that(readings(context).last, none())
