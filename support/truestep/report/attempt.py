"""One time that a scenario was run: its steps, what they saw, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias

from truestep.report.outcome import Outcome, worst

# Of a scenario that was repeated a hundred times nobody reads a hundred failures.
SHOWN_ATTEMPTS = 10


class Problem(NamedTuple):
    """Why something did not end well: the exception's class name, its text, its traceback."""

    type: str
    message: str
    trace: str = ""


class Attachment(NamedTuple):
    """Something kept beside a step or a scenario.

    `body` is text, or base64 where `is_binary`. What is large is a file instead: then `body` is
    empty and `file` its path below the run directory, with forward slashes.
    """

    media_type: str
    name: str
    body: str
    is_binary: bool = False
    file: str = ""


class Entry(NamedTuple):
    """One thing that happened while a scenario ran. `at` is None when its time is not known."""

    at: datetime | None
    kind: str
    title: str
    detail: str = ""
    data: object = None


@dataclass(frozen=True)
class Evidence:
    """What a scenario saw: entries in order of time, and sections named after what they show."""

    entries: tuple[Entry, ...] = ()
    sections: dict[str, object] = field(default_factory=dict)
    # Where the whole of it is when it was too large to keep in the record: below the run directory.
    file: str = ""


Table: TypeAlias = tuple[tuple[str, ...], ...]


class Step(NamedTuple):
    """One step of a scenario, or a hook that ran for it (`hook` is its name then).

    There are many of these, and a dataclass takes three times as long to make.
    """

    keyword: str
    text: str
    line: int = 0
    table: Table = ()
    doc_string: str | None = None
    # From where to where in `text` the step's values are, in characters.
    values: tuple[tuple[int, int], ...] = ()
    is_background: bool = False
    hook: str = ""
    outcome: Outcome = Outcome.NOT_RUN
    started: datetime | None = None
    took_s: float = 0.0
    problem: Problem | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def title(self) -> str:
        """What it is called in one line, as text."""
        return f"hook {self.hook}" if self.hook else f"{self.keyword} {self.text}".strip()


class Attempt(NamedTuple):
    """One time that a scenario was run: when it was tried again, or in one of several runs."""

    run_id: str
    outcome: Outcome
    steps: tuple[Step, ...] = ()
    started: datetime | None = None
    took_s: float = 0.0
    evidence: Evidence = Evidence()
    attachments: tuple[Attachment, ...] = ()
    # What was raised first, in one line; steps say more.
    why: str = ""
    # Which of the processes that ran side by side it was in, or "".
    worker: str = ""

    @property
    def failing(self) -> Step | None:
        """The step or hook that decided the outcome: the worst, the first of equals."""
        return failing_step(self.steps)


def failing_step(steps: tuple[Step, ...]) -> Step | None:
    """Returns the step or hook that decided the outcome: the worst, the first of equals."""
    bad = [step for step in steps if step.outcome.is_failure]
    return min(bad, key=lambda step: step.outcome.severity, default=None)


def decided(attempts: Sequence[Attempt], *, repeated: bool) -> tuple[Outcome, Attempt]:
    """Returns how a scenario ended, and the attempt that shows it best.

    Args:
        attempts: all of one run, in order.
        repeated: whether each was to pass; else another one was made only as one had failed.
    """
    last = attempts[-1]
    if len(attempts) == 1:
        return last.outcome, last
    failed = [one for one in attempts if one.outcome.is_failure]
    # After one that has passed only a repeated scenario goes on.
    repeated |= any(one.outcome is Outcome.PASSED for one in attempts[:-1])
    if repeated and failed:
        outcome = worst(one.outcome for one in failed)
    elif failed and last.outcome is Outcome.PASSED:
        return Outcome.FLAKY, last
    else:
        outcome = last.outcome
    return outcome, next(one for one in attempts if one.outcome is outcome)
