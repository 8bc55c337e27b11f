"""What the console says at the end: what failed, where to look, how to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from truestep.redaction import redact
from truestep.report.layout import PAGE, RERUN
from truestep.runner.outcomes import Around, Outcome, Status
from truestep.runner.record import RunRecord

_SHOWN = 20
_SHOWN_PLACES = 5
_WIDTH = max(len(status) for status in Status)
_RED, _YELLOW, _PLAIN = "\033[31m", "\033[33m", "\033[0m"


class Summary:
    """Says what failed in a run, and what only passed when it was tried again; else nothing.

    Args:
        stream: where it is written.
        environment: the process's; `NO_COLOR` in it is respected.
        services: the tags that stand for services.
    """

    def __init__(
        self, stream: TextIO, environment: Mapping[str, str], services: Collection[str]
    ) -> None:
        self._stream = stream
        self._services = services
        self._is_colored = stream.isatty() and not environment.get("NO_COLOR")

    def write(self, record: RunRecord) -> None:
        """Writes it."""
        ended = [(record.selected[key], outcome) for key, outcome in record.ended.items()]
        lines = [
            *self._flaky(ended),
            *self._failed(ended),
            *self._around(record.around),
            *self._lost(ended, record.facts.ended_by),
        ]
        if lines:
            lines += ["", *_next(record)]
            self._stream.write("\n" + redact("\n".join(lines)) + "\n")
            self._stream.flush()

    def _flaky(self, ended: list[tuple[Any, Outcome]]) -> Iterator[str]:
        flaky = [(scenario, one) for scenario, one in ended if one.status is Status.FLAKY]
        for scenario, outcome in flaky[:_SHOWN]:
            yield self._headed(scenario, outcome)
            why = f"; first: {outcome.what}" if outcome.what else ""
            yield self._line("", f"passed when it was tried again{why}")
        if len(flaky) > _SHOWN:
            yield self._line("", f"… and {len(flaky) - _SHOWN} more")

    def _failed(self, ended: list[tuple[Any, Outcome]]) -> Iterator[str]:
        failed = [(scenario, outcome) for scenario, outcome in ended if outcome.failed]
        for scenario, outcome in failed[:_SHOWN]:
            yield self._headed(scenario, outcome)
            step = next((one for one in scenario.all_steps if one.status.has_failed()), None)
            if step is not None:
                yield self._line("", f"{step.keyword} {step.name}")
            if outcome.what:
                yield self._line("", outcome.what)
        if len(failed) > _SHOWN:
            yield self._line("", f"… and {len(failed) - _SHOWN} more")

    def _headed(self, scenario: Any, outcome: Outcome) -> str:
        used = sorted(scenario.effective_tags.intersection(self._services))
        with_them = f"  ({', '.join(used)})" if used else ""
        return self._line(outcome.status, f"{scenario.location}  {scenario.name}{with_them}")

    def _around(self, around: Iterable[Around]) -> Iterator[str]:
        for one in around:
            yield self._line(one.status, f"{one.name} of {one.where or 'the run'}")
            for what in one.what:
                yield self._line("", what)

    def _lost(self, ended: list[tuple[Any, Outcome]], ended_by: str | None) -> Iterator[str]:
        lost = sum(1 for _, outcome in ended if outcome.status is Status.NOT_RUN)
        if lost:
            count = "1 scenario" if lost == 1 else f"{lost} scenarios"
            why = f": the run was ended by {ended_by}" if ended_by else ""
            yield self._line(Status.NOT_RUN, f"{count}{why}")
        elif ended_by:
            yield self._line("ended", f"by {ended_by}, when every scenario had begun")

    def _line(self, label: str, text: str) -> str:
        padded = f"{label:<{_WIDTH}}"
        color = _YELLOW if label == Status.FLAKY else _RED
        shown = f"{color}{padded}{_PLAIN}" if self._is_colored and label else padded
        return f"  {shown}  {text}".rstrip()


def _next(record: RunRecord) -> Iterator[str]:
    rerun, page = record.folder / RERUN, record.folder / PAGE
    if record.again and (len(record.again) <= _SHOWN_PLACES or not rerun.exists()):
        yield f"Run again: behave {shlex.join(record.again)}"
    elif record.again:
        yield f"Run again: behave @{_short(rerun)}"
    if record.is_complete:
        yield f"Report: {_short(page if page.exists() else record.folder)}"


def _short(path: Path) -> Path:
    here = Path.cwd()
    full = path.absolute()
    return full.relative_to(here) if full.is_relative_to(here) else full
