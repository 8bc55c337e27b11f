from behave import given, then, when


@given("{customer} has put {price:g} into the basket")
def step_fill_basket(context, customer, price):
    context.basket.append((customer, price))


@when("the basket is paid")
def step_pay(context):
    connection = context.postgres.connect()
    with connection, connection.cursor() as cursor:
        for customer, price in context.basket:
            cursor.execute(
                "INSERT INTO orders (customer, total, currency) VALUES (%s, %s, %s)",
                (customer, price, context.currency),
            )
            context.redis.set(f"thanks:{customer}", context.shop_name, ex=60)
            context.kafka.publish("orders", {"type": "order.paid", "customer": customer})


@then("the basket is empty")
def step_empty(context):
    assert context.basket == [], context.basket
    assert context.last_step == 'there is no key "thanks:Grace"', context.last_step
