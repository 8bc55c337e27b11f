"""The service says how it is, also while something that it stands on is away."""

from behave import given, register_type, then, when
from hamcrest import assert_that, equal_to, has_properties

from examples.accounts.specs.holders import holders
from examples.accounts.specs.outages import bring_back, take_away
from examples.accounts.specs.words import WORDS
from truestep.polling import consistently, eventually

register_type(**WORDS)


@given("{dependency:Dependency} is away")
@when("{dependency:Dependency} goes away")
def step_away(context, dependency):
    take_away(context, dependency)


@when("{dependency:Dependency} is back")
def step_back(context, dependency):
    bring_back(context, dependency)


@then("the service is well")
def step_well(context):
    well = has_properties(status=200)
    answer = eventually(holders(context).health, well, what="the service's health", within_s=10)
    assert_that(answer.json(), equal_to({"status": "up", "down": []}))


@when("the service has missed {dependency:Dependency} for {seconds:d} seconds")
def step_has_missed(context, dependency, seconds):
    misses = has_properties(status=503)
    consistently(holders(context).health, misses, what="the service's health", for_s=seconds)


@then("the service says that it misses {dependency:Dependency}, and nothing else")
def step_misses(context, dependency):
    answer = holders(context).health()
    assert_that(answer.json(), equal_to({"status": "down", "down": [dependency]}))
    assert_that(answer, has_properties(status=503))
