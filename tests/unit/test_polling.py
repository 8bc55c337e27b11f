"""eventually and consistently: what they wait for, and what they say when it does not come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from hamcrest import equal_to, greater_than, has_entries, less_than

from truestep import polling
from truestep.polling import StopPolling, consistently, eventually
from truestep.redaction import register_secret


class NotReadyError(Exception):
    pass


@pytest.fixture(autouse=True)
def as_written() -> Iterator[None]:
    yield
    polling.configure(scale=1.0)


def test_eventually_returns_the_first_value_that_matches() -> None:
    assert eventually(_counting(), greater_than(2), what="the count") == 3


def test_eventually_tries_at_least_once() -> None:
    assert eventually(lambda: 1, equal_to(1), what="the count", within_s=0) == 1


def test_a_value_that_never_comes_is_reported_with_what_was_seen() -> None:
    values = iter(["new", "paid", "paid", "new", "packed"])
    with pytest.raises(AssertionError) as error:
        eventually(lambda: next(values, "packed"), equal_to("sent"), what="the order", within_s=0.3)
    assert _timeless(error.value) == (
        "the order was awaited for N s (N tries).\n"
        "Expected: 'sent'\n"
        "     but: was 'packed'\n"
        "Values seen:\n"
        "  'paid'\n"
        "  'new'\n"
        "  'packed'"
    )


def test_a_single_try_and_a_single_value_are_not_listed_twice() -> None:
    with pytest.raises(AssertionError) as error:
        eventually(lambda: "new", equal_to("sent"), what="the order", within_s=0)
    assert str(error.value) == (
        "the order was awaited for 0.00 s (1 try).\nExpected: 'sent'\n     but: was 'new'"
    )


def test_of_many_values_the_last_five_are_shown() -> None:
    with pytest.raises(AssertionError) as error:
        eventually(_counting(), equal_to(0), what="the count", within_s=0.5)
    shown = str(error.value).partition("Values seen:")[2].splitlines()
    assert re.fullmatch(r" \(\d+ earlier ones left out\)", shown[0])
    assert len(shown[1:]) == 5


def test_a_huge_value_is_shown_shortened() -> None:
    values = iter(["x" * 10_000])
    with pytest.raises(AssertionError) as error:
        eventually(lambda: next(values, ""), equal_to("y"), what="the page", within_s=0.1)
    assert f"  '{'x' * 399}… (10002 characters)" in str(error.value).splitlines()


def test_errors_to_retry_on_count_as_tries_and_the_last_is_the_cause() -> None:
    def probe() -> int:
        raise NotReadyError("nobody answers")

    with pytest.raises(AssertionError) as error:
        eventually(probe, equal_to(1), what="the answer", within_s=0.01, retry_on=(NotReadyError,))
    assert _timeless(error.value) == (
        "the answer was awaited for N s (N tries).\n"
        "Expected: <1>\n"
        "     but: no value could be read\n"
        "Last error: NotReadyError: nobody answers"
    )
    assert isinstance(error.value.__cause__, NotReadyError)


def test_a_value_after_an_error_is_what_counts() -> None:
    count = _counting()

    def probe() -> int:
        if (number := count()) < 3:
            raise NotReadyError
        return number

    assert eventually(probe, equal_to(3), what="it", retry_on=(NotReadyError,)) == 3


def test_an_error_that_is_not_named_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 / 0, equal_to(1), what="it", retry_on=(NotReadyError,))


def test_a_condition_that_can_no_longer_come_true_is_not_waited_for() -> None:
    def probe() -> str:
        raise StopPolling("the server exited with code 1")

    began = time.monotonic()
    with pytest.raises(AssertionError) as error:
        eventually(probe, equal_to("ready"), what="the server", within_s=60)
    assert time.monotonic() - began < 1
    assert _timeless(error.value) == (
        "the server was awaited for N s (N tries).\n"
        "Stopped early: the server exited with code 1\n"
        "Expected: 'ready'\n"
        "     but: no value could be read"
    )


def test_the_scale_stretches_the_time() -> None:
    polling.configure(scale=0.01)
    began = time.monotonic()
    with pytest.raises(AssertionError):
        eventually(lambda: 1, equal_to(2), what="it", within_s=10)
    assert 0.1 <= time.monotonic() - began < 1


def test_the_time_is_used_up_but_not_exceeded() -> None:
    began = time.monotonic()
    with pytest.raises(AssertionError):
        eventually(lambda: 1, equal_to(2), what="it", within_s=0.25)
    assert 0.25 <= time.monotonic() - began < 1


def test_failure_texts_hide_secrets() -> None:
    register_secret("polled-s3cret")
    with pytest.raises(AssertionError) as waited:
        eventually(lambda: "polled-s3cret", equal_to("x"), what="it", within_s=0)
    with pytest.raises(AssertionError) as watched:
        consistently(lambda: "polled-s3cret", equal_to("x"), what="it", for_s=0)
    assert "polled-s3cret" not in str(waited.value) + str(watched.value)
    assert "but: was '***'" in str(waited.value)
    assert "but: was '***'" in str(watched.value)


def test_the_mismatch_is_the_matchers_own() -> None:
    with pytest.raises(AssertionError, match="but: value for 'name' was 'Grace'"):
        eventually(lambda: {"name": "Grace"}, has_entries(name="Ada"), what="the user", within_s=0)


def test_consistently_returns_the_last_value() -> None:
    assert consistently(_counting(), less_than(10_000), what="the count", for_s=0.05) > 1


def test_consistently_fails_at_the_first_value_that_does_not_match() -> None:
    with pytest.raises(AssertionError) as error:
        consistently(_counting(), less_than(3), what="the count", for_s=60)
    assert _timeless(error.value) == (
        "the count did not stay as expected: it changed after N s\n"
        "Expected: a value less than <3>\n"
        "     but: was <3>\n"
        "Values seen:\n"
        "  1\n"
        "  2\n"
        "  3"
    )


def _counting() -> Callable[[], int]:
    numbers = iter(range(1, 1_000_000))
    return lambda: next(numbers)


def _timeless(error: AssertionError) -> str:
    text = re.sub(r"\d+\.\d\d s", "N s", str(error))
    return re.sub(r"\(\d+ (?:try|tries)\)", "(N tries)", text)
