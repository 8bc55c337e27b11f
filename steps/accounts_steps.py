"""Accounts are opened, read, renamed and closed, and other teams hear of it."""

from datetime import timedelta

from behave import given, register_type, then, when
from hamcrest import (
    assert_that,
    contains_exactly,
    empty,
    equal_to,
    greater_than,
    has_entries,
    has_item,
    has_length,
    has_properties,
    less_than_or_equal_to,
)

from examples.accounts.specs.holders import assert_answered, holders
from examples.accounts.specs.traces import traces
from examples.accounts.specs.words import NEWS, WORDS
from truestep.steps import durations, quoted  # noqa: F401  # register Duration and Quoted

register_type(**WORDS)


@given('{who:Who} has an account with "{email:Quoted}"')
def step_has_account(context, who, email):
    holders(context).open_all([{"name": who, "e-mail": email}])


@given("these people have accounts:")
def step_have_accounts(context):
    holders(context).open_all(context.table)


@when('{who:Who} opens an account with "{email:Quoted}"')
def step_open(context, who, email):
    holders(context).open(who, email)


@when('somebody called "{name}" opens an account')
def step_open_called(context, name):
    holders(context).open_with("Somebody", {"name": name})


@when('somebody called "{name}", with spaces around it, opens an account')
def step_open_called_with_spaces(context, name):
    holders(context).open_with("Somebody", {"name": f"  {name} "})


@when("{who:Who} opens an account {defect:Defect}")
def step_open_wrong(context, who, defect):
    holders(context).open_with(who, defect[1])


@when('{one:Who} and {other:Who} open accounts with "{email:Quoted}" at the same moment')
def step_open_at_once(context, one, other, email):
    holders(context).open_at_once([one, other], email)


@when("{count:d} people open accounts")
def step_open_many(context, count):
    holders(context).open_many(count)


@then("{who:Who} has account number {number:d}")
def step_has_number(context, who, number):
    assert_answered(context, who, 201)
    assert_that(holders(context).account(who), has_entries(id=number, name=who))


@then("{who:Who} is told where the account is")
def step_told_where(context, who):
    found = holders(context).follow_location(who)
    assert_that(found.json(), equal_to(holders(context).account(who)))


@then("{who:Who} is refused because the e-mail is taken")
def step_refused_taken(context, who):
    answer = assert_answered(context, who, 409)
    assert_that(answer.json(), equal_to({"detail": "the e-mail is taken"}))


@then("{who:Who} is refused because of the {field:w}")
def step_refused_field(context, who, field):
    answer = assert_answered(context, who, 422)
    assert_that(answer.json()["detail"], contains_exactly(has_entries(field=field)))


@then("{who:Who} is told that there is no such account")
def step_told_missing(context, who):
    answer = assert_answered(context, who, 404)
    assert_that(answer.json(), equal_to({"detail": "there is no such user"}))


@then("one of them has the account, and the other is refused")
def step_one_of_them(context):
    statuses = sorted(answer.status for answer in holders(context).answers.values())
    assert_that(statuses, equal_to([201, 409]))


@given("there are no accounts")
@then("there are no accounts")
def step_no_accounts(context):
    assert_that(traces(context).stored(), empty())


@then("there is one account")
def step_one_account(context):
    assert_that(traces(context).stored(), has_length(1))


@then('the only account is called "{name}"')
def step_only_account_called(context, name):
    assert_that(traces(context).stored(), contains_exactly(has_properties(name=name)))


@then("the accounts are:")
def step_accounts_are(context):
    stored = [(one.name, one.email) for one in traces(context).stored()]
    assert_that(stored, equal_to([(row["name"], row["e-mail"]) for row in context.table]))


@then('"{email:Quoted}" is the e-mail of {who:Who}\'s account')
def step_email_of(context, email, who):
    assert_that(holders(context).find(email), contains_exactly(holders(context).account(who)))
    assert_that(traces(context).stored_of(who), has_length(1))


@then('nobody is found by "{email:Quoted}"')
def step_nobody_found(context, email):
    assert_that(holders(context).find(email), empty())


@when("{who:Who} looks for an account without an e-mail")
def step_find_nothing(context, who):
    holders(context).find_nothing(who)


@given("{who:Who}'s account was read")
@when("{who:Who}'s account is read")
@when("{who:Who}'s account is read again")
def step_read(context, who):
    holders(context).read(who)


@when("{who:Who} reads an account that nobody has")
def step_read_nobodys(context, who):
    holders(context).read_nobodys(who)


@then("{who:Who}'s account comes from the {source:Source}")
def step_comes_from(context, who, source):
    answer = assert_answered(context, who, 200)
    assert_that(answer.json(), equal_to(holders(context).account(who)))
    assert_that(answer.header("x-cache"), equal_to("hit" if source == "cache" else "miss"))


@then("the cache keeps {who:Who}'s account for {limit:Duration} at the most")
def step_cached_for(context, who, limit):
    assert_that(traces(context).cached_for(who), less_than_or_equal_to(limit))
    assert_that(traces(context).cached_for(who), greater_than(limit - timedelta(seconds=10)))


@then("the cache has nothing of {who:Who}'s account")
def step_not_cached(context, who):
    assert_that(traces(context).is_cached(who), equal_to(False))


@given("the cache is empty")
@then("the cache is empty")
def step_cache_empty(context):
    assert_that(traces(context).cached(), empty())


@given('{who:Who}\'s account was renamed to "{name:Quoted}"')
@when('{who:Who}\'s account is renamed to "{name:Quoted}"')
def step_rename(context, who, name):
    holders(context).rename(who, name)
    assert_answered(context, who, 200)


@when("{who:Who}'s account is renamed to nothing")
def step_rename_to_nothing(context, who):
    holders(context).rename_without_a_name(who)


@when('{who:Who} tries to rename the account to "{name:Quoted}"')
def step_try_to_rename(context, who, name):
    holders(context).rename(who, name)


@then('{who:Who}\'s account shows the name "{name:Quoted}", and all else as before')
def step_shows_name(context, who, name):
    holders(context).read(who)
    expected = {**holders(context).account(who), "name": name}
    assert_that(assert_answered(context, who, 200).json(), equal_to(expected))
    assert_that(traces(context).stored_of(who), contains_exactly(has_properties(name=name)))


@given("{who:Who} has closed the account")
@when("{who:Who} closes the account")
def step_close(context, who):
    holders(context).close(who)
    assert_answered(context, who, 204)


@when("{who:Who} tries to close the account again")
def step_close_again(context, who):
    holders(context).close(who)


@then("{who:Who}'s account is gone")
def step_gone(context, who):
    holders(context).read(who)
    assert_answered(context, who, 404)
    assert_that(traces(context).stored_of(who), empty())


@then("other teams hear that {who:Who} {news:News}")
def step_hear(context, who, news):
    account = holders(context).account(who)
    told = has_entries(type=news, id=account["id"], email=account["email"])
    assert_that(traces(context).news_of(who), has_item(told))


@then('other teams hear that {who:Who} was renamed from "{old:Quoted}" to "{new:Quoted}"')
def step_hear_names(context, who, old, new):
    told = has_entries(type="user.renamed", previous_name=old, name=new)
    assert_that(traces(context).news_of(who), has_item(told))


@then("this is all that other teams hear of {who:Who}, in this order:")
def step_hear_in_order(context, who):
    told = [one["type"] for one in traces(context).news_of(who)]
    assert_that(told, equal_to([NEWS[row["news"]] for row in context.table]))


@then("other teams hear the names of {who:Who} in the order in which they were given:")
def step_hear_names_in_order(context, who):
    assert_that(traces(context).names_of(who), equal_to([row["name"] for row in context.table]))


@given("other teams have heard nothing")
@then("other teams hear nothing")
def step_hear_nothing(context):
    assert_that(traces(context).news(), empty())


@then("other teams hear of each new account exactly once")
def step_hear_of_each(context):
    told = sorted(event.json()["id"] for event in traces(context).news())
    assert_that(told, equal_to([account.id for account in traces(context).stored()]))


@then("each announcement has a number of its own, and the account's number as its key")
def step_identified(context):
    news = traces(context).news()
    assert_that({event.headers["event-id"] for event in news}, has_length(len(news)))
    assert_that([event.key for event in news], equal_to([str(e.json()["id"]) for e in news]))
