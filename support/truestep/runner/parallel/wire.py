"""What the parent and its workers tell each other. All of it can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from truestep.runner.outcomes import Around, Outcome
from truestep.runner.parallel.states import ContainerState, ScenarioState

Call = tuple[str, Any]
"""What a formatter of a serial run would be told: `scenario`, `step`, `match` or `result` with the
number of the step, `embedding` with its arguments; or `print` with what was printed meanwhile."""


@dataclass(frozen=True)
class Job:
    """One attempt at one scenario, by its position among all of the run.

    `case_id` and `steps` are those of its test case in the record: ids by the number of a step, or
    the name of a hook, in order. `undefined` are the numbers of steps without a definition.
    """

    position: int
    attempt: int
    case_id: str
    steps: tuple[tuple[int | str, str], ...]
    undefined: frozenset[int]
    limit_s: float | None


@dataclass(frozen=True)
class Work:
    """To a worker: do these jobs, which are of one feature, in this order.

    `alone`: no other worker runs anything meanwhile.
    """

    jobs: tuple[Job, ...]
    alone: bool


@dataclass(frozen=True)
class Leave:
    """To a worker: end the feature you are in, then ask again."""


@dataclass(frozen=True)
class End:
    """To a worker: there is nothing more to do."""


Order = Work | Leave | End


@dataclass(frozen=True)
class Began:
    """From a worker: `before_all` has run.

    `printed` is what it printed. `selected` are the positions of all scenarios that are to run,
    `hooks` the names of the hooks there are: it may have changed both. `run_id` is what carries
    the worker's name on the services.
    """

    passed: bool
    printed: str
    selected: tuple[int, ...]
    hooks: frozenset[str]
    run_id: str | None


@dataclass(frozen=True)
class Asks:
    """From a worker: what next?"""


@dataclass(frozen=True)
class Started:
    """From a worker: this job begins, in this attempt of its test case."""

    position: int


@dataclass(frozen=True)
class Recorded:
    """From a worker: lines of the record."""

    lines: bytes


@dataclass(frozen=True)
class Told:
    """From a worker: what a formatter would have been told of the scenario that runs."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Finished:
    """From a worker: the scenario has ended, with its hooks and cleanups."""

    position: int
    started_id: str
    outcome: Outcome
    state: ScenarioState


@dataclass(frozen=True)
class NotRun:
    """From a worker: it did not come to these scenarios.

    `rule` and `feature` say what failed before them, if something did: no other of its scenarios
    is run.
    """

    positions: tuple[int, ...]
    feature: int | None = None
    rule: int | None = None


@dataclass(frozen=True)
class Entered:
    """From a worker: the hooks before a feature, or one of its rules, have run.

    `rule` is its number in the feature; `printed` is what they printed. `is_skipped`: they have
    left it out.
    """

    feature: int
    rule: int | None
    hook_failed: bool
    is_skipped: bool
    printed: str


@dataclass(frozen=True)
class Part:
    """What a worker had of a feature or of a rule: how that ended, and what its last hooks printed.

    `rule` is its number in the feature.
    """

    rule: int | None
    state: ContainerState
    printed: str


@dataclass(frozen=True)
class Left:
    """From a worker: its part of a feature has ended, with its parts of rules."""

    feature: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class FailedAround:
    """From a worker: something failed outside of every scenario."""

    around: Around


@dataclass(frozen=True)
class FailedService:
    """From a worker: a service failed."""

    what: str
    where: str


@dataclass(frozen=True)
class StartedServices:
    """From a worker: these services it has, or waits for."""

    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Ended:
    """From a worker, at last: `after_all` and all cleanups have run.

    `aborted` says that its hooks or steps have ended the run.
    """

    hook_failed: bool
    cleanup_failed: bool
    aborted: bool
    printed: str


@dataclass(frozen=True)
class Result:
    """What became of one attempt at a scenario."""

    outcome: Outcome
    state: ScenarioState
    calls: tuple[Call, ...] = field(default=())
