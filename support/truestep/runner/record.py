"""The record of one run, as the runner tells it: its messages, its run.json, how it ended."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from traceback import format_exception
from typing import Any, Concatenate, ParamSpec

from cucumber_messages import Location, SourceReference

from truestep.console import Console
from truestep.redaction import redact
from truestep.runner.collector import uncollected
from truestep.runner.facts import Facts, git_state
from truestep.runner.folder import RERUN, RunFolder
from truestep.runner.outcomes import (
    Around,
    Outcome,
    Status,
    is_infrastructure,
    of_attempts,
    outcome_of,
)
from truestep.runner.places import place_of
from truestep.runner.recorder import Recorder
from truestep.runner.results import describe
from truestep.runner.witness import MEDIA_TYPE as EVIDENCE_TYPE
from truestep.runner.witness import Witness

P = ParamSpec("P")
Told = Callable[Concatenate["RunRecord", P], None]


def _apart(told: Told[P]) -> Told[P]:
    """What goes wrong in the record stays there: one warning, and the run goes on without it."""

    @wraps(told)
    def apart(record: RunRecord, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if record.broken:
            return
        try:
            told(record, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the run's result is not the record's to change
            record.give_up(error)

    return apart


class RunRecord:
    """What the runner tells of a run, as it happens.

    Args:
        reports: the folder of all runs' folders.
        console: where a warning goes when writing fails; the run's result does not change then.
        settings: what was written, by section, for run.json.
    """

    def __init__(
        self, reports: Path, console: Console, settings: Mapping[str, dict[str, str]]
    ) -> None:
        self._console = console
        self._files = RunFolder(reports, console)
        self._recorder = Recorder(self._files)
        self._witness: Witness | None = None
        self._hooks: Mapping[str, Any] = {}
        self.broken = False
        self.folder = self._files.path
        self.selected: dict[int, Any] = {}
        self.outcomes: dict[int, Outcome] = {}
        self._attempts: dict[int, list[Outcome]] = {}
        self.around: list[Around] = []
        self.again: list[str] = []
        self.facts = Facts(self._files.run_id, settings=dict(settings), git=git_state(Path.cwd()))
        self.save()

    @_apart
    def save(self) -> None:
        """Writes run.json."""
        self._files.facts(self.facts.json())

    def follow(self, witness: Witness) -> None:
        """Keeps what the witness sees."""
        self._witness = witness

    @_apart
    def begin(self, features: Sequence[Any], unreadable: Sequence[str], hooks: Any) -> None:
        """The features are read; the first hook comes next.

        Args:
            features: behave's.
            unreadable: files that are no features.
            hooks: behave's hooks, by name.
        """
        self._hooks = hooks
        paths = dict.fromkeys(feature.filename for feature in features)
        with uncollected():
            self._recorder.begin(paths, unreadable, _scenarios(features))

    @_apart
    def select(self, features: Sequence[Any], config: Any, registry: Any) -> None:
        """The first hook is done; the first feature comes next.

        Args:
            features: behave's.
            config: behave's configuration, which selects scenarios.
            registry: behave's step registry.
        """
        selected = [one for one in _scenarios(features) if one.should_run(config)]
        self.selected = {id(scenario): scenario for scenario in selected}
        self.facts.scenario_count = len(selected)
        self.save()
        with uncollected():
            self._recorder.select(selected, registry, self._hooks)

    @_apart
    def scenario_started(self, scenario: Any) -> None:
        """A scenario begins, selected or not."""
        self._recorder.scenario_started(scenario)
        if self._witness is not None and self._recorder.case is not None:
            self._witness.scenario_started()

    @_apart
    def scenario_ends(self) -> None:
        """Its hooks are done; its places are about to be taken away."""
        case = self._recorder.case
        if self._witness is not None and case is not None:
            self._witness.scenario_ends(failed=case.has_failed)

    @_apart
    def scenario_finished(self, scenario: Any) -> None:
        """It has ended, with its hooks and cleanups."""
        case = self._recorder.case
        if case is None:
            return
        if self._witness is not None:
            evidence = self._witness.scenario_ended(failed=case.has_failed)
            if evidence is not None:
                self._recorder.attach(EVIDENCE_TYPE, evidence)
        self._ended(scenario, outcome_of(scenario, case.errors))

    @_apart
    def step_started(self, step: Any) -> None:
        """A step of a scenario is about to run."""
        if self._witness is not None:
            self._witness.step_started(step)
        if self._recorder.case is not None:
            self._recorder.case.start(id(step))

    @_apart
    def step_finished(self, step: Any, errors: Sequence[BaseException]) -> None:
        """It has run; `errors` is what it and its hooks raised."""
        if self._witness is not None:
            self._witness.step_finished(step, errors)
        if self._recorder.case is not None:
            self._recorder.case.step_finished(step, errors)
        if errors:
            self._note_infrastructure(errors, str(step.location))

    @_apart
    def hook_started(self, name: str, statement: Any) -> None:
        """A hook, or cleanups, of a scenario, a rule, a feature or the run (None) begin."""
        if self._recorder.case is not None:
            self._recorder.case.start(name)
        elif getattr(statement, "type", "") != "scenario":
            self._recorder.run_hook_started(name, self._place(name, statement))

    @_apart
    def hook_finished(self, name: str, statement: Any, errors: Sequence[BaseException]) -> None:
        """It ends; `errors` is what was raised."""
        if self._recorder.case is not None:
            if self._witness is not None:
                self._witness.raised(errors)
            self._recorder.case.hook_finished(name, errors)
        else:
            self._recorder.run_hook_finished(errors)
        if errors:
            where = "" if statement is None else str(statement.location)
            if self._recorder.case is None:
                self.around.append(Around(name, where, tuple(errors)))
            self._note_infrastructure(errors, where)

    @_apart
    def note_services(self, services: Iterable[Any]) -> None:
        """Notes what was started so far."""
        rows = [asdict(service) for service in services]
        if rows != self.facts.services:
            self.facts.services = rows
            self.save()

    @_apart
    def attach(self, media_type: str, data: bytes, step: Any = None) -> None:
        """Keeps data with the step, the scenario, or the hook that runs."""
        self._recorder.attach(media_type, data, to_step=None if step is None else id(step))

    @_apart
    def break_off(self, error: BaseException) -> None:
        """Something broke through the run; what runs now ends by it."""
        self._recorder.run_hook_finished([error])
        case, scenario = self._recorder.case, self._recorder.scenario
        if case is not None:
            case.break_off(error)
            self._ended(scenario, Outcome(Status.ERROR, redact(describe(error))))

    @_apart
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
        self._files.close()

    def give_up(self, error: Exception) -> None:
        """Writes no more of this run."""
        self.broken = True
        self._files.close()
        self._console.say(
            "truestep: WARNING: the report of this run ends here by an error of its own, and the "
            f"run goes on: {describe(error)}\n" + redact("".join(format_exception(error)[-3:-1]))
        )

    @_apart
    def run_again(self, places: Sequence[str]) -> None:
        """Keeps what has to run again, for `behave @FILE` too, which reads places from there on."""
        self.again = list(places)
        if places:
            up = Path(os.path.relpath(Path.cwd(), self.folder))
            self._files.write(RERUN, "".join(f"{up / place}\n" for place in places).encode())

    @property
    def is_complete(self) -> bool:
        """Whether all of it could be written."""
        return self._files.is_complete and not self.broken

    @property
    def ended(self) -> Mapping[int, Outcome]:
        """How each selected scenario ended, by the `id()` of behave's."""
        not_run = Outcome(Status.NOT_RUN)
        return {key: self.outcomes.get(key, not_run) for key in self.selected}

    def _ended(self, scenario: Any, outcome: Outcome) -> None:
        attempts = self._attempts.setdefault(id(scenario), [])
        attempts.append(outcome)
        self.outcomes[id(scenario)] = of_attempts(attempts, repeated=self.facts.repeat > 1)
        self._recorder.scenario_finished(outcome)

    def _place(self, name: str, statement: Any) -> SourceReference:
        if statement is None:
            return place_of(self._hooks.get(name))
        return SourceReference(uri=statement.filename, location=Location(line=statement.line))

    def _note_infrastructure(self, errors: Iterable[BaseException], where: str) -> None:
        found = [error for error in errors if is_infrastructure(error)]
        if found:
            what = redact(str(found[0]).splitlines()[0])
            self.facts.infrastructure.append({"what": what, "where": where})
            self.save()


def _scenarios(features: Iterable[Any]) -> Iterator[Any]:
    return (scenario for feature in features for scenario in feature.walk_scenarios())
