"""How a scenario, a step or a hook ended."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from operator import attrgetter


class Outcome(StrEnum):
    """How a scenario, a step or a hook ended. Declared from worst to best."""

    # A server died or never became ready: says nothing about what the scenario describes.
    INFRASTRUCTURE = "infrastructure"
    # Anything raised that is not a failed expectation.
    ERROR = "error"
    # An expectation did not hold.
    FAILED = "failed"
    # A step has no step definition.
    UNDEFINED = "undefined"
    # A step definition says of itself that it is not finished.
    PENDING = "pending"
    # Selected, but the run ended before it.
    NOT_RUN = "not run"
    # It failed, and passed when it was tried again.
    FLAKY = "flaky"
    PASSED = "passed"
    # Left out, by the selection of the run or in code.
    SKIPPED = "skipped"

    # That of an Enum is computed anew each time, by code of its own.
    __hash__ = str.__hash__

    def __init__(self, value: str) -> None:
        # Whether the run is red because of it.
        self.is_bad = value not in ("passed", "flaky", "skipped")
        # Whether something ran and did not end well: there is a reason to show.
        self.is_failure = self.is_bad and value != "not run"
        # Whether the report tells of it before all else: something failed, once at least.
        self.is_told_first = self.is_failure or value == "flaky"
        # The worst is 0.
        self.severity = len(type(self).__members__)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Returns the worst of `outcomes`; skipped when there is none."""
    return min(outcomes, key=attrgetter("severity"), default=Outcome.SKIPPED)
