"""People sign up, change and leave."""

from datetime import UTC, datetime, timedelta

from behave import given, register_type, then, when
from hamcrest import (
    assert_that,
    contains_exactly,
    empty,
    equal_to,
    has_length,
    has_properties,
    instance_of,
    less_than,
    none,
)

from examples.users.repository import EmailMissingError, EmailTakenError, NoSuchUserError
from examples.users.specs.people import people
from examples.users.specs.words import WORDS

register_type(**WORDS)

LONG_NAME = "Wolfeschlegelsteinhausen" * 8 + "bergdorf"


@when('{person:Person} signs up with "{email}"')
def step_signs_up(context, person, email):
    people(context).sign_up(person, email)


@given('{person:Person} has signed up with "{email}"')
def step_has_signed_up(context, person, email):
    people(context).sign_up_all([{"name": person, "e-mail": email}])


@given('{person:Person} was refused for signing up with "{email}"')
def step_was_refused(context, person, email):
    people(context).sign_up(person, email)
    assert_that(people(context).refusals[person], instance_of(EmailTakenError))


@given("these people have signed up:")
def step_these_have_signed_up(context):
    people(context).sign_up_all(context.table)


@when("{person:Person} signs up without an e-mail")
def step_signs_up_without_email(context, person):
    people(context).sign_up(person, None)


@when("{person:Person} signs up with an empty e-mail")
def step_signs_up_with_empty_email(context, person):
    people(context).sign_up(person, "")


@when('a person named "{name}" signs up')
def step_named_person_signs_up(context, name):
    people(context).sign_up(name, "somebody@example.com")


@when("a person with a name of 200 letters signs up")
def step_long_named_person_signs_up(context):
    people(context).sign_up(LONG_NAME, "somebody@example.com")


@when('{one:Person} and {other:Person} sign up with "{email}" at the same moment')
def step_sign_up_at_once(context, one, other, email):
    people(context).sign_up_at_once([one, other], email)


@when('{person:Person} is renamed to "{name}"')
def step_is_renamed(context, person, name):
    people(context).rename(person, name)


@given("{person:Person} has left")
@when("{person:Person} leaves")
def step_leaves(context, person):
    people(context).leave(person)


@when('we look for "{email}"')
def step_look_for(context, email):
    people(context).found = people(context).repository.find_by_email(email)


@then("we find {person:Person}")
def step_find(context, person):
    assert_that(people(context).found, equal_to(people(context).signed_up(person)))


@then("we find nobody")
def step_find_nobody(context):
    assert_that(people(context).found, none())


@then("{person:Person} is user number {number:d}")
def step_is_user_number(context, person, number):
    assert_that(people(context).stored(person), has_properties(id=number))


@then("{person:Person}'s sign-up is dated now")
def step_is_dated_now(context, person):
    age = abs(datetime.now(UTC) - people(context).signed_up(person).created_at)
    assert_that(age, less_than(timedelta(seconds=30)))


@then('{person:Person} is called "{name}"')
def step_is_called(context, person, name):
    assert_that(people(context).stored(person), has_properties(name=name))


@then("{person:Person}'s number and sign-up date are as before")
def step_number_and_date_as_before(context, person):
    before = people(context).signed_up(person)
    same = has_properties(id=before.id, created_at=before.created_at)
    assert_that(people(context).stored(person), same)


@then('"{email}" belongs to {person:Person}')
@then('"{email}" still belongs to {person:Person}')
def step_belongs_to(context, email, person):
    owner = people(context).signed_up(person)
    assert_that(people(context).repository.find_by_email(email), equal_to(owner))


@then("{person:Person} is told that the e-mail is taken")
def step_told_taken(context, person):
    assert_that(people(context).refusals.get(person), instance_of(EmailTakenError))


@then("{person:Person} is told that an e-mail is needed")
def step_told_missing(context, person):
    assert_that(people(context).refusals.get(person), instance_of(EmailMissingError))


@then("{person:Person} is told that there is no such user")
def step_told_no_such_user(context, person):
    assert_that(people(context).refusals.get(person), instance_of(NoSuchUserError))


@then("exactly one of them is signed up")
def step_exactly_one(context):
    assert_that(people(context).names(), has_length(1))


@then("the other is told that the e-mail is taken")
def step_other_told_taken(context):
    refusals = list(people(context).refusals.values())
    assert_that(refusals, contains_exactly(instance_of(EmailTakenError)))


@given("nobody is signed up")
@then("nobody is signed up")
def step_nobody(context):
    assert_that(people(context).names(), empty())


@then('the only user is called "{name}"')
def step_only_user(context, name):
    assert_that(people(context).names(), contains_exactly(name))


@then("the only user has that very name")
def step_only_user_long_name(context):
    assert_that(people(context).names(), contains_exactly(LONG_NAME))


@then("the users are, in this order:")
def step_users_are(context):
    rows = [row.as_dict() for row in context.table]
    assert_that(people(context).listed(), equal_to(rows))
