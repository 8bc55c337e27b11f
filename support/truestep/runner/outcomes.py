"""How scenarios end, told apart more finely than behave does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from behave.model_type import Status as BehaveStatus

from truestep.errors import BackendUnavailableError, ServiceError, UndefinedStepError
from truestep.redaction import redact


class Status(StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    """An expectation did not hold."""
    ERROR = "error"
    """Anything else was raised: by a step, a hook, a cleanup, a signal."""
    INFRASTRUCTURE = "infrastructure"
    """A service died or never became ready."""
    UNDEFINED = "undefined"
    PENDING = "pending"
    FLAKY = "flaky"
    """It failed, and passed when it was tried again."""
    SKIPPED = "skipped"
    NOT_RUN = "not run"


# PyHamcrest's way, and ours.
_EXPECTATION = ("Expected:", "but:")
_NO_FAILURE = (Status.PASSED, Status.FLAKY, Status.SKIPPED, Status.NOT_RUN)
_QUIET = {
    "skipped": Status.SKIPPED,
    "untested": Status.NOT_RUN,
    "untested_undefined": Status.NOT_RUN,
    "untested_pending": Status.NOT_RUN,
}


@dataclass(frozen=True)
class Outcome:
    """How one scenario ended, and what was raised first."""

    status: Status
    what: str = ""

    @property
    def failed(self) -> bool:
        """Whether the run fails by it."""
        return self.status not in _NO_FAILURE

    def json(self) -> str:
        """Returns it as the report reads it."""
        return json.dumps({"status": self.status, "what": self.what}, ensure_ascii=False)


_PASSED = Outcome(Status.PASSED)


@dataclass(frozen=True)
class Around:
    """What failed around scenarios: a hook or the cleanups of the run, a feature or a rule.

    `where` is the place of the feature or rule; empty for the run. `status` says whether a service
    failed, `what` what was raised, one line each.
    """

    name: str
    where: str
    status: Status
    what: tuple[str, ...]

    @classmethod
    def of(cls, name: str, where: str, errors: Sequence[BaseException]) -> Around:
        """Returns what `errors` come to."""
        failed = any(is_infrastructure(error) for error in errors)
        status = Status.INFRASTRUCTURE if failed else Status.ERROR
        what = tuple(f"{type(error).__name__}: {headline(error)}" for error in errors)
        return cls(name, where, status, what)


def of_attempts(attempts: Sequence[Outcome], *, repeated: bool = False) -> Outcome:
    """Returns how a scenario ended that was run more than once; as its one attempt, if not.

    Args:
        attempts: how each ended, in order.
        repeated: whether each was to pass; else another one was made only as one had failed.
    """
    failed = [attempt for attempt in attempts if attempt.failed]
    last = attempts[-1]
    if repeated and len(attempts) > 1 and failed:
        what = f"failed {len(failed)} of {len(attempts)}"
        return Outcome(failed[0].status, f"{what}: {failed[0].what}" if failed[0].what else what)
    if failed and last.status is Status.PASSED:
        return Outcome(Status.FLAKY, failed[0].what)
    return last


def outcome_of(scenario: Any, errors: Iterable[BaseException]) -> Outcome:
    """Returns how a scenario of behave's ended.

    Args:
        scenario: after its hooks and cleanups.
        errors: all that its steps, hooks and cleanups raised, in order.
    """
    errors = list(errors)
    status = scenario.status
    if status is BehaveStatus.passed:
        return _PASSED
    if not status.has_failed():
        return Outcome(_QUIET.get(status.name, Status.PASSED))
    steps = [step for step in scenario.all_steps if step.status.has_failed()]
    return Outcome(_failing(status, errors, steps), _what(errors, steps))


def _failing(status: Any, errors: list[BaseException], steps: list[Any]) -> Status:
    of_steps = {step.status.name for step in steps}
    if any(is_infrastructure(error) for error in errors):
        return Status.INFRASTRUCTURE
    if status.name == "failed":
        return Status.FAILED
    if status.name == "error" and "pending" in of_steps and of_steps <= {"pending", "undefined"}:
        return Status.PENDING
    undefined = any(isinstance(error, UndefinedStepError) for error in errors)
    if undefined or (status.name == "error" and of_steps == {"undefined"}):
        return Status.UNDEFINED
    return Status.ERROR


def is_infrastructure(error: BaseException) -> bool:
    """Tells whether a service failed, and not an expectation."""
    return any(isinstance(one, (ServiceError, BackendUnavailableError)) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _what(errors: list[BaseException], steps: list[Any]) -> str:
    if errors:
        return redact(headline(errors[0]))
    if not steps:
        return ""
    undefined = steps[0].status.name == "undefined"
    return "no step definition matches it" if undefined else str(steps[0].status.name)


def headline(error: BaseException) -> str:
    """Returns in one line what was raised: for an expectation, also what was there instead."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    more = takewhile(lambda line: line.strip().startswith(_EXPECTATION), lines[1:])
    return " ".join([lines[0], *(line.strip() for line in more)])
