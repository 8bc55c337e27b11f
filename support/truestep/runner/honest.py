"""Where behave's formatters and reporters would not tell what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from behave.formatter.progress import ProgressFormatterBase
from behave.formatter.rerun import RerunFormatter
from behave.model import Rule
from behave.model_type import Status
from behave.reporter.summary import AbstractSummaryReporter

from truestep.runner.results import describe


def mend_formatters(formatters: Iterable[Any]) -> None:
    """Lets the progress formatters know of failing cleanups, over which they would stumble."""
    for formatter in formatters:
        if isinstance(formatter, ProgressFormatterBase):
            formatter.dot_status = {**formatter.dot_status, Status.cleanup_error: "C"}


def tell_hook_errors(step: Any, errors: Sequence[BaseException]) -> None:
    """Puts what a step's hooks raised beside what the step itself did."""
    told = [step.error_message, *(f"HOOK-ERROR: {describe(error)}" for error in errors)]
    step.error_message = "\n".join(text for text in told if text)
    if step.exception is None and errors:
        step.exception = errors[0]


def tell_rerun(formatters: Iterable[Any], again: Iterable[Any]) -> None:
    """Gives the rerun formatter all that has to run again, also what never began."""
    again = list(again)
    for formatter in formatters:
        if isinstance(formatter, RerunFormatter):
            formatter.failed_scenarios = again


def tell_duration(reporters: Iterable[Any], took_s: float) -> None:
    """Lets the summary say how long the run took; behave leaves out what stands in rules."""
    for reporter in reporters:
        if isinstance(reporter, AbstractSummaryReporter):
            reporter.duration = took_s


def to_run_again(
    containers: Iterable[Any], selected: Mapping[int, Any], *, everything: bool
) -> Iterator[Any]:
    """Yields the selected scenarios that failed, did not run, or are inside of what failed.

    Args:
        containers: features, or rules.
        selected: by their `id()`.
        everything: whether all of them run again: something failed around them.
    """
    for container in containers:
        around = everything or container.status.is_hook_error()
        for item in container.run_items:
            if isinstance(item, Rule):
                yield from to_run_again([item], selected, everything=around)
                continue
            for scenario in getattr(item, "scenarios", [item]):
                status = scenario.status
                again = around or status.has_failed() or status.is_untested()
                if again and id(scenario) in selected:
                    yield scenario
