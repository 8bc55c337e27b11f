"""How a scenario, a step or a hook ended."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


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

    @property
    def is_bad(self) -> bool:
        """Whether the run is red because of it."""
        return self not in (Outcome.PASSED, Outcome.FLAKY, Outcome.SKIPPED)

    @property
    def is_failure(self) -> bool:
        """Whether something ran and did not end well: there is a reason to show."""
        return self.is_bad and self is not Outcome.NOT_RUN

    @property
    def is_told_first(self) -> bool:
        """Whether the report tells of it before all else: something failed, once at least."""
        return self.is_failure or self is Outcome.FLAKY


SEVERITY: dict[Outcome, int] = {outcome: rank for rank, outcome in enumerate(Outcome)}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Returns the worst of `outcomes`; skipped when there is none."""
    return min(outcomes, key=SEVERITY.__getitem__, default=Outcome.SKIPPED)
