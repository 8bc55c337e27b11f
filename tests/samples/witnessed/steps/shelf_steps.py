import logging
from functools import partial

from behave import when


@when("the shelf is tidied")
def tidy(context):
    print("tidying with pin-of-dune-1 \x1b[31m")
    logging.getLogger("shelf").warning("it is a mess")
    with context.postgres.connection.cursor() as cursor:
        cursor.execute("UPDATE stock SET title = 'Dune II' WHERE id = 1")
        cursor.execute("DELETE FROM stock WHERE id = 2")
        cursor.execute("INSERT INTO stock VALUES (4, 'Ulysses', 'pin-of-ulysses', NULL)")


@when("a key that is no text is written")
def binary(context):
    context.redis.set(b"\xff\x00", b"\x00\x01\xfe")


@when("somebody answers too late")
def answer(context):
    producer = context.kafka.producer()
    topic = context.kafka.topic("notes")
    context.late_answer = partial(producer.send, topic, b'{"words": "sorry, late"}')
