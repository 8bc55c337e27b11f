"""That a text is JSON, and says the same as another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

_SHOWN = 5


def same_json_as(expected: Any) -> Matcher[str]:
    """Matches a JSON text whose value is `expected`, whatever its spaces and order of names.

    A mismatch says at which places they differ: `at .address.city: was "London"`.
    """
    return _SameJson(expected)


class _SameJson(BaseMatcher[str]):
    def __init__(self, expected: Any) -> None:
        self._expected = expected

    def _matches(self, item: str) -> bool:
        try:
            return not any(_differences("", json.loads(item), self._expected))
        except ValueError:
            return False

    def describe_to(self, description: Description) -> None:
        description.append_text(f"the JSON {_shown(self._expected)}")

    def describe_mismatch(self, item: str, mismatch_description: Description) -> None:
        try:
            actual = json.loads(item)
        except ValueError as error:
            mismatch_description.append_text(f"was not JSON ({error}): {item!r}")
            return
        differences = islice(_differences("", actual, self._expected), _SHOWN)
        mismatch_description.append_text("; ".join(differences))


def _differences(place: str, actual: Any, expected: Any) -> Iterator[str]:
    if isinstance(actual, dict) and isinstance(expected, dict):
        for name in [name for name in expected if name not in actual]:
            yield f"at {place}.{name}: is missing, expected {_shown(expected[name])}"
        for name in [name for name in actual if name not in expected]:
            yield f"at {place}.{name}: was not expected, was {_shown(actual[name])}"
        for name in [name for name in expected if name in actual]:
            yield from _differences(f"{place}.{name}", actual[name], expected[name])
    elif isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        for number, (one, other) in enumerate(zip(actual, expected, strict=True)):
            yield from _differences(f"{place}[{number}]", one, other)
    # Python takes true for 1, JSON does not.
    elif actual != expected or isinstance(actual, bool) is not isinstance(expected, bool):
        yield f"at {place or 'the top'}: was {_shown(actual)}, expected {_shown(expected)}"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
