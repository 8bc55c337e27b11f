import logging
import sys

from behave import given, register_type, step, then, use_step_matcher, when
from behave.api.async_step import async_run_until_complete
from behave.api.pending_step import StepNotImplementedError


class Coins(int):
    pass


register_type(Coins=lambda text: Coins(text))


@given("an empty basket")
def empty(context):
    context.basket = []
    context.told = getattr(context, "told", 0) + 1


@given("a basket with")
def filled(context):
    context.basket = [(row["what"], Coins(row["coins"])) for row in context.table]


@when('"{what}" for {coins:Coins} coins is put in')
def put_in(context, what, coins):
    print(f"{what} is put in")
    logging.getLogger("shop.basket").info("%s costs %d", what, coins)
    print("careful", file=sys.stderr)
    context.basket.append((what, coins))


@then("it costs {coins:Coins} coins")
def costs(context, coins):
    """Adds up.

    What is in the basket, that is.
    """
    total = sum(one for _, one in context.basket)
    assert total == coins, f"it costs {total}"


@when("the basket breaks")
def breaks(context):
    print("oh")
    raise LookupError("no bottom") from ValueError("too heavy")


@when("the basket is mended")
def mended(context):
    raise StepNotImplementedError("nobody knows how")


@then("the note says")
def note_says(context):
    assert context.text == "Two apples,\nplease."


@when("the basket is filled by steps")
def by_steps(context):
    context.execute_steps("""
        When "pear" for 2 coins is put in
        And "plum" for 1 coins is put in
    """)


@when("steps within steps fail")
def steps_fail(context):
    context.execute_steps("Then it costs 99 coins")


@step("the basket is photographed")
def photographed(context):
    context.attach("image/png", b"\x89PNG")


@when("the door is opened later")
@async_run_until_complete
async def later(context):
    context.basket.append(("air", Coins(0)))


@then("the layers are {layers}")
def layers_are(context, layers):
    seen = [context.of_run, context.of_feature, getattr(context, "of_rule", "-"), context.shadowed]
    assert " ".join(seen) == layers, seen
    context.left_behind = True


@then("nothing was left behind")
def nothing_left(context):
    assert not hasattr(context, "left_behind")
    assert context.told == 1


@then("the shop is open {where}")
def shop_is_open(context, where):
    assert context.shop == where


@then("people pay in {currency}")
def pay(context, currency):
    assert context.config.userdata["currency"] == currency, context.config.userdata["currency"]


@then("it is skipped half-way")
def skipped(context):
    context.scenario.skip("enough seen")


@when("the shop is closed for good")
def closed(context):
    context.abort(reason="closed for good")


use_step_matcher("re")


@when(r"(?P<count>\d+) apples? (?:is|are) eaten")
def eaten(context, count):
    del context.basket[: int(count)]
