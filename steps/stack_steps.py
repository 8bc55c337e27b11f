"""The service comes up with its whole stack, and goes away without a trace."""

from behave import given, then, when
from hamcrest import assert_that, contains_string, empty, equal_to, has_item, starts_with

from examples.accounts.specs.stack import bring_up, stack
from truestep.polling import eventually
from truestep.steps import quoted  # noqa: F401  # registers Quoted


@given("the stack is up")
def step_up(context):
    bring_up(context)


@when("the stack is taken down")
def step_down(context):
    context.scope.leave()
    stack(context).down()


@then("these containers are running:")
def step_containers(context):
    running = [row["container"] for row in context.table]
    assert_that(stack(context).provider.services(), equal_to(running))


@then('the log of the container "{name:Quoted}" tells "{text:Quoted}"')
def step_log(context, name, text):
    log = stack(context).provider
    what = f"the log of {name}"
    eventually(lambda: log.log_of(name, 1000), contains_string(text), what=what)


@then("there were containers, a network and volumes of it, and none of them is left")
def step_nothing_left(context):
    for kind in ("container", "network", "volume"):
        assert_that(stack(context).belongings(), has_item(starts_with(kind)))
    assert_that(stack(context).left(), empty())
