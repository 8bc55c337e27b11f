"""What a run directory says, as typed values: what every report is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias

from truestep.report.attempt import Attachment, Attempt, Evidence, Problem, Step, failing_step
from truestep.report.outcome import Outcome


@dataclass(frozen=True)
class Scenario:
    """One scenario, or one example of an outline, and how it went.

    `key` is stable between runs (file and name), `slug` the same as part of an address. One that
    was run more than once has all its `attempts`, and the steps and evidence of the one that
    shows best how it ended.
    """

    key: str
    slug: str
    uri: str
    line: int
    name: str
    keyword: str
    description: str
    tags: tuple[str, ...]
    steps: tuple[Step, ...]
    outcome: Outcome
    started: datetime | None = None
    took_s: float = 0.0
    evidence: Evidence = field(default_factory=Evidence)
    attachments: tuple[Attachment, ...] = ()
    # What was raised first, in one line; steps say more.
    why: str = ""
    # Where it stands: the feature's name, the rule's or "", the outline's or "".
    feature: str = ""
    rule: str = ""
    outline: str = ""
    run_id: str = ""
    worker: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def place(self) -> str:
        """What `behave` takes to run just this one."""
        return f"{self.uri}:{self.line}"

    @property
    def failing(self) -> Step | None:
        """The step or hook that decided the outcome: the worst, the first of equals."""
        return failing_step(self.steps)

    @property
    def failed_attempts(self) -> list[Attempt]:
        """The attempts that did not end well, of more than one."""
        return [one for one in self.attempts if one.outcome.is_failure]

    def as_attempt(self) -> Attempt:
        """Returns what was shown of it as one of several attempts."""
        return Attempt(
            self.run_id,
            self.outcome,
            self.steps,
            self.started,
            self.took_s,
            self.evidence,
            self.attachments,
            self.why,
            self.worker,
        )


class Examples(NamedTuple):
    """A table of examples: a heading, and for each row its cells and the scenario made of it."""

    name: str
    description: str
    tags: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Scenario], ...]


class Outline(NamedTuple):
    """A scenario that is written once, with places to fill in, and shown by examples."""

    slug: str
    name: str
    keyword: str
    description: str
    tags: tuple[str, ...]
    line: int
    steps: tuple[Step, ...]
    examples: tuple[Examples, ...]

    @property
    def scenarios(self) -> Iterator[Scenario]:
        """One for each row, in the order of the file."""
        return (scenario for table in self.examples for _, scenario in table.rows)


Item: TypeAlias = Scenario | Outline


class Section(NamedTuple):
    """The scenarios of a rule, or those of a feature that stand outside of rules (no name)."""

    name: str
    description: str
    tags: tuple[str, ...]
    line: int
    background: tuple[Step, ...]
    items: tuple[Item, ...]

    @property
    def scenarios(self) -> Iterator[Scenario]:
        """Every scenario, examples one by one, in the order of the file."""
        for item in self.items:
            if isinstance(item, Outline):
                yield from item.scenarios
            else:
                yield item


@dataclass(frozen=True)
class Feature:
    """One feature file."""

    slug: str
    uri: str
    name: str
    keyword: str
    description: str
    language: str
    tags: tuple[str, ...]
    background: tuple[Step, ...]
    sections: tuple[Section, ...]

    @property
    def folder(self) -> str:
        """Where the file is, with forward slashes."""
        return self.uri.rpartition("/")[0]

    @property
    def scenarios(self) -> Iterator[Scenario]:
        """Every scenario, examples one by one, in the order of the file."""
        return (scenario for section in self.sections for scenario in section.scenarios)


class ServiceUse(NamedTuple):
    """A server that the run used."""

    name: str
    title: str
    version: str
    backend: str
    why: str
    took_s: float
    owner: str = ""
    # Why it was not ready, or "".
    problem: str = ""
    run_id: str = ""


class RunProblem(NamedTuple):
    """What went wrong outside of every scenario: in a hook of the whole run, or with a server."""

    where: str
    outcome: Outcome
    problem: Problem


class RunAttachment(NamedTuple):
    """Something kept outside of every scenario, by the hook that is called `where`."""

    where: str
    attachment: Attachment


@dataclass(frozen=True)
class Shard:
    """Which part of a run that was split: from 1 to `total`, and by what it was split."""

    index: int
    total: int
    plan: str


@dataclass(frozen=True)
class About:
    """One run's own facts, from `run.json`."""

    run_id: str
    started: datetime | None
    finished: datetime | None
    # False when the run was killed: its record ends in the middle.
    is_complete: bool
    exit_code: int | None
    arguments: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    commit: str = ""
    branch: str = ""
    is_dirty: bool = False
    # The signal that ended it, or "".
    ended_by: str = ""
    shard: Shard | None = None

    @property
    def is_good(self) -> bool:
        """Whether it got to its end, and passed."""
        return self.is_complete and self.exit_code == 0

    @property
    def took_s(self) -> float | None:
        """From the first moment to the last; None when the run did not get to its end."""
        if self.started is None or self.finished is None:
            return None
        return (self.finished - self.started).total_seconds()


@dataclass(frozen=True)
class Run:
    """Everything a report shows: of one run directory, or of several merged."""

    about: tuple[About, ...]
    features: tuple[Feature, ...]
    services: tuple[ServiceUse, ...] = ()
    problems: tuple[RunProblem, ...] = ()
    attached: tuple[RunAttachment, ...] = ()

    @property
    def scenarios(self) -> Iterator[Scenario]:
        """Every scenario, examples one by one."""
        return (scenario for feature in self.features for scenario in feature.scenarios)

    @property
    def failures(self) -> list[Scenario]:
        """The scenarios that ran and did not end well."""
        return [scenario for scenario in self.scenarios if scenario.outcome.is_failure]

    @property
    def flaky(self) -> list[Scenario]:
        """The scenarios that passed only when they were tried again."""
        return [scenario for scenario in self.scenarios if scenario.outcome is Outcome.FLAKY]

    @property
    def is_red(self) -> bool:
        """Whether something in it did not end well, or was not reached."""
        return bool(self.problems) or any(one.outcome.is_bad for one in self.scenarios)

    def count(self) -> dict[Outcome, int]:
        """How many scenarios ended in each way; every way is there."""
        counts = dict.fromkeys(Outcome, 0)
        for scenario in self.scenarios:
            counts[scenario.outcome] += 1
        return counts
