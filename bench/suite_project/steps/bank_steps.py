"""The steps of the suite, the same on both sides: each talks to a real service by a client.

`context.bank` says where the services of the scenario are: see ours.py and peer.py.
"""

from __future__ import annotations

from typing import Any

from behave import given, then, when
from hamcrest import assert_that, empty, equal_to, greater_than


@given("{owner} has {coins:d} coins")
def opens(context: Any, owner: str, coins: int) -> None:
    _execute(context, "INSERT INTO accounts (owner, coins) VALUES (%s, %s)", owner, coins)


@when("{payer} pays {coins:d} coins to {payee}")
def pays(context: Any, payer: str, coins: int, payee: str) -> None:
    _execute(context, "UPDATE accounts SET coins = coins - %s WHERE owner = %s", coins, payer)
    _execute(context, "UPDATE accounts SET coins = coins + %s WHERE owner = %s", coins, payee)
    _execute(
        context,
        "INSERT INTO payments (payer, payee, coins) SELECT a.id, b.id, %s"
        " FROM accounts a, accounts b WHERE a.owner = %s AND b.owner = %s",
        coins,
        payer,
        payee,
    )


@then("{owner} owns {coins:d} coins")
def owns(context: Any, owner: str, coins: int) -> None:
    [(found,)] = _execute(context, "SELECT coins FROM accounts WHERE owner = %s", owner)
    assert_that(found, equal_to(coins))


@then("there is {count:d} payment")
def payments(context: Any, count: int) -> None:
    assert_that(_execute(context, "SELECT count(*) FROM payments"), equal_to([(count,)]))


@given("{owner} is signed in for {seconds:d} seconds")
def signs_in(context: Any, owner: str, seconds: int) -> None:
    assert_that(context.bank.cache.keys(), empty())
    context.bank.cache.set(f"session:{owner}", "open", ex=seconds)


@when("{owner} asks {count:d} times")
def asks(context: Any, owner: str, count: int) -> None:
    for _ in range(count):
        context.bank.cache.incr(f"asked:{owner}")


@then("{owner} has asked {count:d} times and is still signed in")
def has_asked(context: Any, owner: str, count: int) -> None:
    assert_that(int(context.bank.cache.get(f"asked:{owner}")), equal_to(count))
    assert_that(context.bank.cache.ttl(f"session:{owner}"), greater_than(0))


@given("{owner} has ordered {what}")
def orders(context: Any, owner: str, what: str) -> None:
    producer = context.bank.producer()
    producer.send(context.bank.topic("orders"), what.encode(), key=owner.encode()).get(10)


@then("the kitchen is told of the {what} for {owner}")
def is_told(context: Any, owner: str, what: str) -> None:
    consumer = context.bank.consumer("orders", group="kitchen")
    record = next(consumer)
    assert_that((record.key, record.value), equal_to((owner.encode(), what.encode())))


def _execute(context: Any, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Runs a statement as the bank does, over one connection of the scenario."""
    with context.bank.connection, context.bank.connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
