import logging
import threading

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


@when("somebody answers in {seconds:g} seconds")
def answer(context, seconds):
    producer = context.kafka.producer()
    topic = context.kafka.topic("notes")
    timer = threading.Timer(seconds, lambda: producer.send(topic, b'{"words": "sorry, late"}'))
    context.add_cleanup(timer.join)
    timer.start()
