"""Where behave's formatters and reporters would not tell what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from behave.formatter.captured import CapturedFormatter
from behave.formatter.progress import ProgressFormatterBase
from behave.formatter.rerun import RerunFormatter
from behave.model import Rule
from behave.model_type import Status
from behave.reporter.summary import AbstractSummaryReporter

from truestep.runner.outcomes import Outcome
from truestep.runner.outcomes import Status as Result
from truestep.runner.results import describe

# What need not run again.
_DONE = (Result.PASSED, Result.FLAKY, Result.SKIPPED)


class CapturedOutput(CapturedFormatter):  # type: ignore[misc]  # behave has no types
    """What was captured, by behave's formatter of that name, which raises in behave 1.3.3."""

    def print_statement(
        self, statement: Any, position: str | None = None, show_status: bool = False
    ) -> None:
        """Writes a heading for a scenario or a step."""
        if statement is None:
            return
        status = f" -- {position or 'status'}: {statement.status.name}"
        shown = status if position or show_status else ""
        kind = type(statement).__name__
        # Not opened before, it would be written to the terminal.
        self.open().write(f"{self.prefix}{kind}: {statement.name}{shown}\n")
        self.stream.write(f"{self.prefix}Location: {statement.location}\n\n")

    def make_capture_report(self, captured: Any, show_on_success: bool | None = None) -> str:
        """Returns what was captured, as text."""
        always = self.show_on_success if show_on_success is None else show_on_success
        return str(captured.select_by_status(always).make_report())


def mend_formatters(formatters: list[Any]) -> list[Any]:
    """Returns behave's formatters, those that stumble replaced or told what they do not know."""
    return [_mended(formatter) for formatter in formatters]


def _mended(formatter: Any) -> Any:
    if type(formatter) is CapturedFormatter:
        return CapturedOutput(formatter.stream_opener, formatter.config)
    if isinstance(formatter, ProgressFormatterBase):
        formatter.dot_status = {**formatter.dot_status, Status.cleanup_error: "C"}
    return formatter


def tell_hook_errors(step: Any, errors: Sequence[BaseException]) -> None:
    """Puts what a step's hooks raised beside what the step itself did."""
    told = [step.error_message, *(f"HOOK-ERROR: {describe(error)}" for error in errors)]
    step.error_message = "\n".join(text for text in told if text)
    if step.exception is None and errors:
        step.exception = errors[0]


@dataclass(frozen=True)
class _Place:
    """What the rerun formatter takes from a scenario; a file that cannot be read has none."""

    location: str


def tell_rerun(formatters: Iterable[Any], places: Iterable[str]) -> None:
    """Gives the rerun formatter all that has to run again, also what never began."""
    rows = [_Place(place) for place in places]
    for formatter in formatters:
        if isinstance(formatter, RerunFormatter):
            formatter.failed_scenarios = rows


def tell_duration(reporters: Iterable[Any], took_s: float) -> None:
    """Lets the summary say how long the run took; behave leaves out what stands in rules."""
    for reporter in reporters:
        if isinstance(reporter, AbstractSummaryReporter):
            reporter.duration = took_s


def to_run_again(
    containers: Iterable[Any], ended: Mapping[int, Outcome], *, everything: bool
) -> Iterator[Any]:
    """Yields the selected scenarios that failed, did not run, or are inside of what failed.

    Args:
        containers: features, or rules.
        ended: how each selected scenario ended, by its `id()`.
        everything: whether all of them run again: something failed around them.
    """
    for container in containers:
        around = everything or container.status.is_hook_error()
        for item in container.run_items:
            if isinstance(item, Rule):
                yield from to_run_again([item], ended, everything=around)
                continue
            for scenario in getattr(item, "scenarios", [item]):
                outcome = ended.get(id(scenario))
                if outcome and (around or outcome.status not in _DONE):
                    yield scenario
