"""That a Redis key holds a value of one type, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.redis.keys import MISSING, Stored


def holds(kind: str, value: Matcher[Any]) -> Matcher[Stored]:
    """Matches a key of the type `kind` (`string`, `hash`, `list` …) whose value matches."""
    return _Holds(kind, value)


def exists() -> Matcher[Stored]:
    """Matches a key of any type."""
    return _Exists()


def is_gone() -> Matcher[Stored]:
    """Matches a key that does not exist."""
    return _IsGone()


def expires_in(shortest: timedelta, longest: timedelta) -> Matcher[Stored]:
    """Matches a key that has between `shortest` and `longest` left."""
    return _ExpiresIn(shortest, longest)


def has_no_expiry() -> Matcher[Stored]:
    """Matches a key that exists and stays."""
    return _HasNoExpiry()


class _Holds(BaseMatcher[Stored]):
    def __init__(self, kind: str, value: Matcher[Any]) -> None:
        self._kind = kind
        self._value = value

    def _matches(self, item: Stored) -> bool:
        return item.kind == self._kind and self._value.matches(item.value)

    def describe_to(self, description: Description) -> None:
        description.append_text(f"a {self._kind}: ").append_description_of(self._value)

    def describe_mismatch(self, item: Stored, mismatch_description: Description) -> None:
        if item.kind == self._kind:
            self._value.describe_mismatch(item.value, mismatch_description)
        else:
            mismatch_description.append_text(_seen(item))


class _Exists(BaseMatcher[Stored]):
    def _matches(self, item: Stored) -> bool:
        return item.kind != MISSING

    def describe_to(self, description: Description) -> None:
        description.append_text("a key that exists")

    def describe_mismatch(self, item: Stored, mismatch_description: Description) -> None:
        mismatch_description.append_text(_seen(item))


class _IsGone(BaseMatcher[Stored]):
    def _matches(self, item: Stored) -> bool:
        return item.kind == MISSING

    def describe_to(self, description: Description) -> None:
        description.append_text("no such key")

    def describe_mismatch(self, item: Stored, mismatch_description: Description) -> None:
        mismatch_description.append_text(_seen(item))


class _ExpiresIn(BaseMatcher[Stored]):
    def __init__(self, shortest: timedelta, longest: timedelta) -> None:
        self._shortest = shortest
        self._longest = longest

    def _matches(self, item: Stored) -> bool:
        return item.expires_in is not None and self._shortest <= item.expires_in <= self._longest

    def describe_to(self, description: Description) -> None:
        bounds = f"{_seconds(self._shortest)} to {_seconds(self._longest)} s"
        description.append_text(f"a key that expires in {bounds}")

    def describe_mismatch(self, item: Stored, mismatch_description: Description) -> None:
        mismatch_description.append_text(_left(item))


class _HasNoExpiry(BaseMatcher[Stored]):
    def _matches(self, item: Stored) -> bool:
        return item.kind != MISSING and item.expires_in is None

    def describe_to(self, description: Description) -> None:
        description.append_text("a key that has no expiry")

    def describe_mismatch(self, item: Stored, mismatch_description: Description) -> None:
        mismatch_description.append_text(_left(item))


def _left(item: Stored) -> str:
    if item.kind == MISSING:
        return repr(item)
    if item.expires_in is None:
        return "it has no expiry"
    return f"it expires in {_seconds(item.expires_in)} s"


def _seen(item: Stored) -> str:
    return repr(item) if item.kind == MISSING else f"was {item!r}"


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():g}"
