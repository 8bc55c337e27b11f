"""Things are announced, and teams read the announcements."""

from behave import given, register_type, then, when
from hamcrest import (
    assert_that,
    contains_exactly,
    contains_string,
    empty,
    equal_to,
    has_item,
    has_properties,
    is_not,
    only_contains,
)

from examples.users.events import Happening
from examples.users.specs.announcements import announcements
from examples.users.specs.teams import teams
from examples.users.specs.words import WORDS
from truestep.polling import eventually

register_type(**WORDS)


@given("it was announced that {person:Person} {what:Happening}")
@when("it is announced that {person:Person} {what:Happening}")
def step_announce(context, person, what):
    announcements(context).announce(person, what)


@when("it is announced that {person:Person} {what:Happening}, with the headers:")
def step_announce_with_headers(context, person, what):
    announcements(context).announce_with(person, what, context.table)


@given("these announcements were made:")
def step_announce_all(context):
    announcements(context).announce_all(context.table)


@when("it is announced that {count:d} people signed up")
def step_announce_sign_ups(context, count):
    announcements(context).announce_sign_ups(count)


@given("this was put among the announcements:")
def step_publish_raw(context):
    announcements(context).publish_raw(context.text)


@given("nothing has been announced")
@then("nothing is announced")
def step_nothing(context):
    assert_that(announcements(context).seen(), empty())


@then("nothing is announced but that {person:Person} {what:Happening}")
def step_nothing_but(context, person, what):
    only = has_properties(type=what, email=announcements(context).about(person).email)
    assert_that(announcements(context).seen(), contains_exactly(only))


@then("it is announced that {person:Person} {what:Happening}")
def step_is_announced(context, person, what):
    wanted = has_properties(type=what, email=announcements(context).about(person).email)
    assert_that(announcements(context).seen(), has_item(wanted))


@then('"{what}" is announced on "test-events" with:')
def step_announced_with(context, what):
    rows = [row.as_dict() for row in context.table]
    found = announcements(context).table(context.table.headings, Happening(what))
    assert_that(found, equal_to(rows))


@then("the announcement has the number of {person:Person} as its key")
def step_has_key(context, person):
    number = str(announcements(context).about(person).id)
    assert_that(announcements(context).only(), has_properties(key=number))


@then("the announcement has exactly these headers:")
def step_has_headers(context):
    headers = [(row["header"], row["value"]) for row in context.table]
    assert_that(list(announcements(context).only().headers.items()), equal_to(headers))


@given("the {team:Team} reads the announcements")
@when("the {team:Team} starts to read")
def step_team_reads(context, team):
    teams(context).join(team)


@given("the {team:Team} reads the announcements with {members:d} members")
def step_members_read(context, team, members):
    teams(context).join(team, members)


@then("the {team:Team} learns that {person:Person} {what:Happening}")
def step_team_learns(context, team, person, what):
    news = has_properties(type=what, email=announcements(context).about(person).email)
    eventually(lambda: teams(context).read(team), has_item(news), what=f"the {team}'s news")


@then("the {team:Team} learns of {person:Person}, in this order:")
def step_team_learns_in_order(context, team, person):
    expected = [WORDS["Happening"](row["what"]) for row in context.table]
    user = announcements(context).about(person)
    news = f"the {team}'s news of {person}"
    eventually(lambda: teams(context).read_about(team, user.id), equal_to(expected), what=news)


@then("the {team:Team} learns of each sign-up exactly once")
def step_team_learns_of_all(context, team):
    everybody = equal_to(announcements(context).everybody())
    eventually(lambda: teams(context).who_signed_up(team), everybody, what=f"the {team}'s news")


@then("each member of the {team:Team} read some of them")
def step_each_member_read_some(context, team):
    assert_that(teams(context).counts(team), only_contains(is_not(0)))


@then('the {team:Team} is told that "{text}" is malformed: {reason}')
def step_told_malformed(context, team, text, reason):
    report = has_properties(value=text.encode(), reason=reason)
    eventually(lambda: teams(context).malformed(team), contains_exactly(report), what="the report")


@when("we wait up to {limit:Duration} for the announcement that {person:Person} {what:Happening}")
def step_wait_for(context, limit, person, what):
    announcements(context).wait_for(person, what, within_s=limit.total_seconds())


@then('we are told that there is none about "{email}"')
def step_told_none(context, email):
    told = contains_string(f'no event user.created with email "{email}"')
    assert_that(announcements(context).complaint, told)


@then('we are told that one about "{email}" came instead')
def step_told_what_came(context, email):
    told = contains_string(f'seen instead: user.created (email differs: "{email}")')
    assert_that(announcements(context).complaint, told)
