"""What stands at a place of a JSON value, which a JSONPath (RFC 9535) names."""

from __future__ import annotations

from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.errors import StepUsageError
from truestep.matchers.partial_json import shown_json


class JsonPath:
    """A place in a JSON value: `$.user.name`, or several: `$.users[*].name`.

    Raises:
        StepUsageError: it is not a JSONPath.
    """

    def __init__(self, text: str) -> None:
        # Imported late: only scenarios that look at JSON by a path need it.
        from jsonpath import JSONPathEnvironment, JSONPathError

        self.text = text
        try:
            compiled: Any = JSONPathEnvironment(strict=True).compile(text)
        except JSONPathError as error:
            raise StepUsageError(
                f"{text!r} is not a JSONPath",
                seen=str(error.args[0]),
                looked="this step",
                remedy="write it from the root, as RFC 9535 has it: $.user.name, $.users[0].id",
            ) from None
        self._path = compiled
        self._is_one_place = compiled.singular_query()

    def read(self, value: Any) -> list[Any]:
        """Returns what stands there: nothing, or one value; of several places, the list of them."""
        found = self._path.findall(value)
        return found if self._is_one_place or not found else [found]


def at_path(path: JsonPath, expected: Matcher[Any]) -> Matcher[Any]:
    """Matches a JSON value with something at `path` that `expected` matches."""
    return _AtPath(path, expected)


def nothing_at(path: JsonPath) -> Matcher[Any]:
    """Matches a JSON value with nothing at `path`, not even null."""
    return _NothingAt(path)


class _AtPath(BaseMatcher[Any]):
    def __init__(self, path: JsonPath, expected: Matcher[Any]) -> None:
        self._path = path
        self._expected = expected

    def _matches(self, item: Any) -> bool:
        return any(self._expected.matches(one) for one in self._path.read(item))

    def describe_to(self, description: Description) -> None:
        description.append_text(f"at {self._path.text}: ").append_description_of(self._expected)

    def describe_mismatch(self, item: Any, mismatch_description: Description) -> None:
        for one in self._path.read(item):
            self._expected.describe_mismatch(one, mismatch_description)
            return
        mismatch_description.append_text("nothing is there")


class _NothingAt(BaseMatcher[Any]):
    def __init__(self, path: JsonPath) -> None:
        self._path = path

    def _matches(self, item: Any) -> bool:
        return not self._path.read(item)

    def describe_to(self, description: Description) -> None:
        description.append_text(f"nothing at {self._path.text}")

    def describe_mismatch(self, item: Any, mismatch_description: Description) -> None:
        for one in self._path.read(item):
            mismatch_description.append_text(f"was {shown_json(one)}")
