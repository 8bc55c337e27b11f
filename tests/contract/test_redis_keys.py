"""What the steps about keys read and write, and what their failures say, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from hamcrest import equal_to, has_entries
from hamcrest.core.matcher import Matcher

from tests.contract.conftest import Start
from truestep.matchers.same_json import same_json_as
from truestep.matchers.stored import exists, expires_in, has_no_expiry, holds, is_gone
from truestep.polling import eventually
from truestep.services.redis.client import connect
from truestep.services.redis.keys import Key, Stored
from truestep.settings import Backend

MINUTE = timedelta(minutes=1)


@pytest.fixture
def client(shared: Start) -> Iterator[redis.Redis]:
    server = shared("redis", Backend.EMBEDDED)
    client = server.isolation.enter("s1")
    yield client
    server.isolation.leave(client)


def test_a_text_a_hash_and_a_list_are_read_as_they_were_written(client: redis.Redis) -> None:
    Key(client, "text").set_text("Ada")
    Key(client, "hash").set_hash({"name": "Ada", "born": "1815"})
    Key(client, "list").set_list(["b", "a", "b"])
    assert Key(client, "text").read() == Stored("text", "string", "Ada")
    assert Key(client, "hash").read() == Stored("hash", "hash", {"name": "Ada", "born": "1815"})
    assert Key(client, "list").read() == Stored("list", "list", ["b", "a", "b"])


def test_writing_replaces_what_was_there_whatever_its_type(client: redis.Redis) -> None:
    key = Key(client, "key")
    key.set_text("Ada", MINUTE)
    key.set_list(["a"])
    key.set_hash({"a": "1", "b": "2"})
    key.set_hash({"c": "3"})
    assert key.read() == Stored("key", "hash", {"c": "3"})
    assert key.read().expires_in is None


def test_an_expiry_is_read_with_the_value(client: redis.Redis) -> None:
    Key(client, "key").set_text("Ada", timedelta(milliseconds=1500))
    left = Key(client, "key").read().expires_in
    assert left is not None
    assert timedelta(0) < left <= timedelta(milliseconds=1500)


def test_sets_and_streams_are_read_too(client: redis.Redis) -> None:
    client.sadd("set", "a")
    client.zadd("sorted", {"a": 2, "b": 1})
    client.xadd("stream", {"a": "b"})
    assert Key(client, "set").read() == Stored("set", "set", ["a"])
    assert Key(client, "sorted").read() == Stored("sorted", "zset", ["b", "a"])
    assert Key(client, "stream").read() == Stored("stream", "stream", "")


def test_bytes_that_are_not_text_are_shown_and_do_not_break_reading(
    shared: Start, client: redis.Redis
) -> None:
    server = shared("redis", Backend.EMBEDDED)
    with connect(server.endpoint, database=client.client_info()["db"], text=False) as raw:
        raw.set("picture", b"\x89PNG\xff")
        raw.set(b"\xff", "value")
    assert Key(client, "picture").read().value == "\\x89PNG\\xff"
    assert _failure(client, "pictur", exists()) == (
        'there is no key "pictur"; the nearest is "picture"'
    )


def test_a_missing_key_names_the_nearest_one(client: redis.Redis) -> None:
    client.set("profile:12", "Ada")
    client.set("queue", "empty")
    expected = 'there is no key "profil:12"; the nearest is "profile:12"'
    for matcher in (exists(), holds("string", equal_to("Ada")), has_no_expiry()):
        assert _failure(client, "profil:12", matcher) == expected
    assert _failure(client, "settings", exists()) == 'there is no key "settings"'


def test_a_key_that_should_not_be_there_is_shown(client: redis.Redis) -> None:
    client.set("key", "Ada")
    assert _failure(client, "key", is_gone()) == "was a string: 'Ada'"


def test_another_value_is_shown(client: redis.Redis) -> None:
    client.set("key", "Grace")
    assert _failure(client, "key", holds("string", equal_to("Ada"))) == "was 'Grace'"


def test_a_key_of_another_type_is_a_readable_mismatch(client: redis.Redis) -> None:
    client.rpush("key", "a", "b")
    assert _failure(client, "key", holds("string", equal_to("a"))) == "was a list: ['a', 'b']"


def test_the_whole_failure_of_a_wrong_type(client: redis.Redis) -> None:
    client.rpush("key", "a", "b")
    with pytest.raises(AssertionError) as error:
        eventually(
            Key(client, "key").read,
            holds("string", equal_to("a")),
            what='the key "key"',
            within_s=0,
        )
    assert str(error.value).splitlines()[1:] == [
        "Expected: a string: 'a'",
        "     but: was a list: ['a', 'b']",
    ]


def test_a_hash_without_an_expected_field_says_which(client: redis.Redis) -> None:
    client.hset("user", mapping={"name": "Grace"})
    assert _failure(client, "user", holds("hash", has_entries(name="Ada"))) == (
        "value for 'name' was 'Grace'"
    )


@pytest.mark.parametrize(
    ("stored", "mismatch"),
    [
        ('{"name": "Grace", "tags": ["a", "b"]}', 'at .name: was "Grace", expected "Ada"'),
        ('{"tags": ["a", "b"]}', 'at .name: is missing, expected "Ada"'),
        (
            '{"name": "Ada", "tags": ["a", "c"], "born": 1815}',
            'at .born: was not expected, was 1815; at .tags[1]: was "c", expected "b"',
        ),
        ('{"name": "Ada", "tags": ["a"]}', 'at .tags: was ["a"], expected ["a", "b"]'),
        ('["a"]', 'at the top: was ["a"], expected {"name": "Ada", "tags": ["a", "b"]}'),
        ("Ada", "was not JSON (Expecting value: line 1 column 1 (char 0)): 'Ada'"),
    ],
)
def test_json_says_where_it_differs(client: redis.Redis, stored: str, mismatch: str) -> None:
    client.set("user", stored)
    expected = same_json_as({"name": "Ada", "tags": ["a", "b"]})
    assert _failure(client, "user", holds("string", expected)) == mismatch


def test_in_json_true_is_not_one(client: redis.Redis) -> None:
    client.set("flags", '{"on": 1}')
    assert _failure(client, "flags", holds("string", same_json_as({"on": True}))) == (
        "at .on: was 1, expected true"
    )


def test_an_expiry_out_of_bounds_is_shown(client: redis.Redis) -> None:
    client.set("for good", "a")
    client.set("for an hour", "a", ex=3600)
    within_a_minute = expires_in(timedelta(0), MINUTE)
    assert _failure(client, "for good", within_a_minute) == "it has no expiry"
    assert _failure(client, "for an hour", within_a_minute).startswith("it expires in 3")
    assert _failure(client, "for an hour", has_no_expiry()).startswith("it expires in 3")
    assert str(within_a_minute) == "a key that expires in 0 to 60 s"


def _failure(client: redis.Redis, name: str, matcher: Matcher[Stored]) -> str:
    with pytest.raises(AssertionError) as error:
        eventually(Key(client, name).read, matcher, what=name, within_s=0)
    [line] = [line for line in str(error.value).splitlines() if line.startswith("     but: ")]
    return line.removeprefix("     but: ")
