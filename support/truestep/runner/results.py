"""What behave says of a step or a hook, as a result in Cucumber Messages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from cucumber_messages import TestStepResult, TestStepResultStatus

from truestep.redaction import redact
from truestep.runner.messages import duration, raised

_STATUSES = {
    "passed": TestStepResultStatus.passed,
    "xfailed": TestStepResultStatus.passed,
    "xpassed": TestStepResultStatus.passed,
    # A pending step of a scenario tagged @wip: behave lets it pass.
    "pending_warn": TestStepResultStatus.passed,
    "skipped": TestStepResultStatus.skipped,
    "untested": TestStepResultStatus.skipped,
    "undefined": TestStepResultStatus.undefined,
    "pending": TestStepResultStatus.pending,
}


def step_result(step: Any, errors: Sequence[BaseException]) -> TestStepResult:
    """Returns the result of a step of behave's.

    Args:
        step: after it has run.
        errors: what it and its hooks raised, in order.
    """
    return TestStepResult(
        duration=duration(step.duration),
        # Whatever else behave calls it, it has failed.
        status=_STATUSES.get(step.status.name, TestStepResultStatus.failed),
        exception=raised(errors[0]) if errors else None,
        message=redact(_message(step, errors)) or None,
    )


def _message(step: Any, errors: Sequence[BaseException]) -> str:
    if step.status.name == "failed" or not errors:
        return step.error_message or ""
    return "\n".join(describe(error) for error in errors)


def hook_result(began: float, errors: Sequence[BaseException]) -> TestStepResult:
    """Returns the result of a hook or of cleanups.

    Args:
        began: when, by `time.monotonic`.
        errors: what was raised, in order.
    """
    statuses = TestStepResultStatus
    return TestStepResult(
        duration=duration(time.monotonic() - began),
        status=statuses.failed if errors else statuses.passed,
        exception=raised(errors[0]) if errors else None,
        message=redact("\n".join(describe(error) for error in errors)) if errors else None,
    )


def describe(error: BaseException) -> str:
    """Returns an exception as behave writes one: its class and its text."""
    text = str(error).strip()
    name = type(error).__name__
    return f"{name}: {text}" if text else name
