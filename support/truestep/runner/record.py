"""The record of one run: its messages, its run.json, how each scenario ended."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from truestep.collector import uncollected
from truestep.console import Console
from truestep.report.layout import RERUN
from truestep.runner.cases import Case
from truestep.runner.facts import Facts, git_state
from truestep.runner.folder import RunFolder
from truestep.runner.outcomes import Around, Outcome, Status, of_attempts
from truestep.runner.recorder import Recorder
from truestep.runner.results import describe
from truestep.runner.scenario_record import ScenarioRecord, apart


class RunRecord(ScenarioRecord):
    """The whole of a run, in a folder that is written as the run goes.

    Args:
        reports: the folder of all runs' folders.
        console: where a warning goes when writing fails; the run's result does not change then.
        settings: what was written, by section, for run.json.
    """

    def __init__(
        self, reports: Path, console: Console, settings: Mapping[str, dict[str, str]]
    ) -> None:
        self.files = RunFolder(reports, console)
        super().__init__(Recorder(self.files), console)
        self.folder = self.files.path
        self.selected: dict[int, Any] = {}
        self.outcomes: dict[int, Outcome] = {}
        self._attempts: dict[int, list[Outcome]] = {}
        self.around: list[Around] = []
        self.again: list[str] = []
        self.facts = Facts(self.files.run_id, settings=dict(settings), git=git_state(Path.cwd()))
        self.save()

    @apart
    def save(self) -> None:
        """Writes run.json."""
        self.files.facts(self.facts.json())

    @apart
    def begin(self, features: Sequence[Any], unreadable: Sequence[str], hooks: Any) -> None:
        """The features are read; the first hook comes next.

        Args:
            features: behave's.
            unreadable: files that are no features.
            hooks: behave's hooks, by name.
        """
        self._hooks = hooks
        paths = dict.fromkeys(feature.filename for feature in features)
        self._recorder.begin(paths, unreadable, _scenarios(features))

    @apart
    def select(self, features: Sequence[Any], config: Any, registry: Any) -> None:
        """The first hook is done; the first feature comes next."""
        selected = [one for one in _scenarios(features) if one.should_run(config)]
        self.selected = {id(scenario): scenario for scenario in selected}
        self.facts.scenario_count = len(selected)
        self.save()
        with uncollected():
            self._recorder.select(selected, registry, self._hooks)

    @apart
    def finish(self, *, failed: bool, broken: BaseException | None) -> None:
        """The run has ended; `broken` is what kept it from running, or broke through it."""
        statuses = (outcome.status.value for outcome in self.ended.values())
        self.facts.counts = dict(Counter(statuses))
        self.facts.finish(failed=failed, broken=broken is not None)
        message = describe(broken) if broken else None
        if message is None and self.facts.ended_by:
            message = f"ended by {self.facts.ended_by}"
        self._recorder.finish(success=not failed, message=message)
        self.save()

    @apart
    def close(self, *, told: bool) -> None:
        """Nothing more is written; `told`: nothing has ended the making of the reports."""
        if not told:
            self.facts.exit_code = 1
            self.save()
        self.files.close()

    def give_up(self, error: Exception) -> None:
        """Writes no more of this run."""
        self.files.close()
        super().give_up(error)

    @apart
    def run_again(self, places: Sequence[str]) -> None:
        """Keeps what has to run again, for `behave @FILE` too, which reads places from there on."""
        self.again = list(places)
        if places:
            up = Path(os.path.relpath(Path.cwd(), self.folder))
            self.files.write(RERUN, "".join(f"{up / place}\n" for place in places).encode())

    @property
    def run_id(self) -> str:
        """The id in the message that the run has started."""
        return self._recorder.run_id

    @property
    def is_complete(self) -> bool:
        """Whether all of it could be written."""
        return self.files.is_complete and not self.broken

    @property
    def ended(self) -> Mapping[int, Outcome]:
        """How each selected scenario ended, by the `id()` of behave's."""
        not_run = Outcome(Status.NOT_RUN)
        return {key: self.outcomes.get(key, not_run) for key in self.selected}

    @apart
    def write(self, lines: bytes) -> None:
        """Appends whole lines to the messages."""
        self.files.message(lines)

    @apart
    def attach_to(self, started_id: str, media_type: str, text: str) -> None:
        """Keeps text with an attempt at a test case that ran elsewhere."""
        self._recorder.attach_to(started_id, media_type, text)

    def case_of(self, scenario: Any) -> Case:
        """Returns the test case of a selected scenario; an empty one when the record broke."""
        return self._recorder.cases.get(id(scenario)) or Case("", {}, frozenset())

    def keep_hooks(self, names: Collection[str]) -> None:
        """Of the hooks only these are left."""
        self._hooks = {name: hook for name, hook in self._hooks.items() if name in names}

    def note_outcome(self, scenario: Any, outcome: Outcome) -> None:
        """An attempt at a selected scenario has ended."""
        # By behave.contrib.scenario_autoretry, one that has failed is run again.
        attempts = self._attempts.setdefault(id(scenario), [])
        attempts.append(outcome)
        self.outcomes[id(scenario)] = of_attempts(attempts, repeated=self.facts.repeat > 1)

    def note_around(self, around: Around) -> None:
        """A hook or cleanups outside of scenarios have failed."""
        self.around.append(around)

    def note_failed_service(self, what: str, where: str) -> None:
        """A service failed, and not an expectation."""
        self.facts.infrastructure.append({"what": what, "where": where})
        self.save()

    def note_started(self, rows: list[dict[str, Any]]) -> None:
        """These services were started so far."""
        self.facts.services = rows
        self.save()


def _scenarios(features: Iterable[Any]) -> Iterator[Any]:
    return (scenario for feature in features for scenario in feature.walk_scenarios())
