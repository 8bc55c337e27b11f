"""What earlier runs were like: `reports/history.ndjson`, one run a line, the latest last."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from truestep.locks import locked
from truestep.report.files import write_private
from truestep.report.outcome import Outcome
from truestep.report.run import Run

HISTORY = "history.ndjson"
KEPT_RUNS = 30
# One that changed to and fro; a single change is a bug that came, or was mended.
_UNSTEADY_CHANGES = 2

_LETTER = {
    Outcome.PASSED: "p",
    Outcome.FAILED: "f",
    Outcome.ERROR: "e",
    Outcome.INFRASTRUCTURE: "i",
    Outcome.UNDEFINED: "u",
    Outcome.PENDING: "d",
    Outcome.NOT_RUN: "n",
    Outcome.FLAKY: "y",
}
_OUTCOME = {letter: outcome for outcome, letter in _LETTER.items()}


@dataclass(frozen=True)
class PastRun:
    """One run: when, for how long, and how each scenario that was selected ended, by its key."""

    run_id: str
    started: datetime | None
    took_s: float | None
    commit: str
    branch: str
    results: dict[str, Outcome]
    # As it stands in the file, once it does: it is not written anew for each run that follows.
    line: bytes = field(default=b"", compare=False, repr=False)

    def count(self, *outcomes: Outcome) -> int:
        """How many scenarios ended in one of these ways."""
        return sum(self._counts[outcome] for outcome in outcomes)

    @cached_property
    def _counts(self) -> Counter[Outcome]:
        return Counter(self.results.values())


@dataclass(frozen=True)
class Story:
    """How one scenario went, run by run, the latest last; only runs in which it ran."""

    outcomes: tuple[Outcome, ...]

    @property
    def changes(self) -> int:
        """How often it went from working to not working, or back; flaky is not working."""
        if len(set(self.outcomes)) == 1:
            return 0
        works = [outcome is Outcome.PASSED for outcome in self.outcomes]
        return sum(before != after for before, after in pairwise(works))

    @property
    def is_unsteady(self) -> bool:
        """Whether its result comes and goes."""
        return self.changes >= _UNSTEADY_CHANGES or Outcome.FLAKY in self.outcomes


@dataclass(frozen=True)
class History:
    """The kept runs, the latest last."""

    runs: tuple[PastRun, ...] = ()

    def stories(self) -> dict[str, Story]:
        """Returns the story of each scenario, by its key."""
        found: dict[str, list[Outcome]] = {}
        for run in self.runs:
            for key, outcome in run.results.items():
                if outcome is not Outcome.NOT_RUN:
                    found.setdefault(key, []).append(outcome)
        return {key: Story(tuple(outcomes)) for key, outcomes in found.items()}


def read_history(path: Path) -> History:
    """Reads what is kept; nothing when there is no such file."""
    if not path.is_file():
        return History()
    runs = (_past_run(line) for line in path.read_bytes().splitlines())
    return History(tuple(run for run in runs if run is not None))


def remember(run: Run, path: Path) -> History:
    """Adds a run to the history in `path`; returns it, this run last.

    Raises:
        OSError: it cannot be written.
    """
    # Runs of one project may end at the same moment.
    with locked(path.with_name(f".{path.name}.lock")):
        past = read_history(path).runs
        own = tuple(_as_past(run, index) for index in range(len(run.about)))
        new = {one.run_id for one in own}
        history = History((*(one for one in past if one.run_id not in new), *own)[-KEPT_RUNS:])
        write_history(history, path)
    return history


def write_history(history: History, path: Path) -> None:
    """Replaces the file as a whole.

    Raises:
        OSError: it cannot be written.
    """
    write_private(path, b"".join((run.line or _line(run)) + b"\n" for run in history.runs))


def merged_histories(histories: Iterable[History]) -> History:
    """Returns the runs of several histories, each once, in order of time."""
    runs = {run.run_id: run for history in histories for run in history.runs}
    ordered = sorted(runs.values(), key=lambda run: (run.started is not None, str(run.started)))
    return History(tuple(ordered)[-KEPT_RUNS:])


def as_one(run: Run) -> PastRun:
    """Returns the shards of a run, merged, as the one run that they are."""
    started = [about.started for about in run.about if about.started]
    finished = [about.finished for about in run.about if about.finished]
    is_timed = started and len(finished) == len(run.about)
    return PastRun(
        run_id=min(run.about, key=lambda about: about.shard.index if about.shard else 0).run_id,
        started=min(started, default=None),
        took_s=(max(finished) - min(started)).total_seconds() if is_timed else None,
        commit=run.about[-1].commit,
        branch=run.about[-1].branch,
        results={one.key: one.outcome for one in run.scenarios if one.outcome in _LETTER},
    )


def _as_past(run: Run, index: int) -> PastRun:
    about = run.about[index]
    return PastRun(
        run_id=about.run_id,
        started=about.started,
        took_s=about.took_s,
        commit=about.commit,
        branch=about.branch,
        results={
            scenario.key: scenario.outcome
            for scenario in run.scenarios
            if scenario.run_id == about.run_id and scenario.outcome is not Outcome.SKIPPED
        },
    )


def _line(run: PastRun) -> bytes:
    row = {
        "run_id": run.run_id,
        "started": run.started.isoformat() if run.started else None,
        "took_s": run.took_s,
        "commit": run.commit,
        "branch": run.branch,
        "results": {key: _LETTER[outcome] for key, outcome in run.results.items()},
    }
    return json.dumps(row, separators=(",", ":")).encode()


def _past_run(line: bytes) -> PastRun | None:
    try:
        row = json.loads(line)
        started = row["started"]
        return PastRun(
            run_id=str(row["run_id"]),
            started=datetime.fromisoformat(started) if started else None,
            took_s=row["took_s"],
            commit=str(row["commit"]),
            branch=str(row["branch"]),
            results={key: _OUTCOME[letter] for key, letter in row["results"].items()},
            line=line,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # A line that somebody has edited, or a later version has written: history is a
        # convenience, and the report of this run does not depend on it.
        return None
