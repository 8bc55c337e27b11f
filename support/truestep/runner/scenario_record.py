"""What runs, as the runner tells it: scenarios with their steps, and the hooks around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from traceback import format_exception
from typing import Any, Concatenate, ParamSpec, TypeVar

from cucumber_messages import Location, SourceReference

from truestep.console import Console
from truestep.redaction import redact
from truestep.report.layout import EVIDENCE_TYPE
from truestep.runner.outcomes import Around, Outcome, Status, is_infrastructure, outcome_of
from truestep.runner.places import place_of
from truestep.runner.recorder import Recorder
from truestep.runner.results import describe
from truestep.runner.witness import Witness

P = ParamSpec("P")
R = TypeVar("R", bound="ScenarioRecord")


def apart(told: Callable[Concatenate[R, P], None]) -> Callable[Concatenate[R, P], None]:
    """What goes wrong in the record stays there: one warning, and the run goes on without it."""

    @wraps(told)
    def guarded(record: R, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if record.broken:
            return
        try:
            told(record, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the run's result is not the record's to change
            record.give_up(error)

    return guarded


class ScenarioRecord(ABC):
    """Keeps what happens in the process that runs the scenarios.

    Args:
        recorder: writes it as Cucumber Messages.
        console: where a warning goes when that fails; the run's result does not change then.
    """

    def __init__(self, recorder: Recorder, console: Console) -> None:
        self._recorder = recorder
        self._console = console
        self._witness: Witness | None = None
        self._hooks: Mapping[str, Any] = {}
        self._services: list[dict[str, Any]] = []
        self.broken = False

    @abstractmethod
    def select(self, features: Sequence[Any], config: Any, registry: Any) -> None:
        """The first hook is done; the first feature comes next.

        Args:
            features: behave's.
            config: behave's configuration, which selects scenarios.
            registry: behave's step registry.
        """

    @abstractmethod
    def note_outcome(self, scenario: Any, outcome: Outcome) -> None:
        """A selected scenario has ended."""

    @abstractmethod
    def note_around(self, around: Around) -> None:
        """A hook or cleanups outside of scenarios have failed."""

    @abstractmethod
    def note_failed_service(self, what: str, where: str) -> None:
        """A service failed, and not an expectation."""

    @abstractmethod
    def note_started(self, rows: list[dict[str, Any]]) -> None:
        """These services were started so far."""

    def follow(self, witness: Witness) -> None:
        """Keeps what the witness sees."""
        self._witness = witness

    @apart
    def scenario_started(self, scenario: Any) -> None:
        """A scenario begins, selected or not."""
        self._recorder.scenario_started(scenario)
        if self._witness is not None and self._recorder.case is not None:
            self._witness.scenario_started()

    @apart
    def scenario_ends(self) -> None:
        """Its hooks are done; its places are about to be taken away."""
        case = self._recorder.case
        if self._witness is not None and case is not None:
            self._witness.scenario_ends(failed=case.has_failed)

    @apart
    def scenario_finished(self, scenario: Any) -> None:
        """It has ended, with its hooks and cleanups."""
        case = self._recorder.case
        if case is None:
            return
        if self._witness is not None:
            evidence = self._witness.scenario_ended(failed=case.has_failed)
            if evidence is not None:
                self._recorder.attach(EVIDENCE_TYPE, evidence)
        outcome = outcome_of(scenario, case.errors)
        self._recorder.scenario_finished(outcome)
        self.note_outcome(scenario, outcome)

    @apart
    def step_started(self, step: Any) -> None:
        """A step of a scenario is about to run."""
        if self._witness is not None:
            self._witness.step_started(step)
        if self._recorder.case is not None:
            self._recorder.case.start(id(step))

    @apart
    def step_finished(self, step: Any, errors: Sequence[BaseException]) -> None:
        """It has run; `errors` is what it and its hooks raised."""
        if self._witness is not None:
            self._witness.step_finished(step, errors)
        if self._recorder.case is not None:
            self._recorder.case.step_finished(step, errors)
        if errors:
            self._note_infrastructure(errors, str(step.location))

    @apart
    def hook_started(self, name: str, statement: Any) -> None:
        """A hook, or cleanups, of a scenario, a rule, a feature or the run (None) begin."""
        if self._recorder.case is not None:
            self._recorder.case.start(name)
        elif getattr(statement, "type", "") != "scenario":
            self._recorder.run_hook_started(name, self._place(name, statement))

    @apart
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
                self.note_around(Around.of(name, where, errors))
            self._note_infrastructure(errors, where)

    @apart
    def note_services(self, services: Iterable[Any]) -> None:
        """Notes what was started so far."""
        rows = [asdict(service) for service in services]
        if rows != self._services:
            self._services = rows
            self.note_started(rows)

    @apart
    def attach(self, media_type: str, data: bytes, step: Any = None) -> None:
        """Keeps data with the step, the scenario, or the hook that runs."""
        self._recorder.attach(media_type, data, to_step=None if step is None else id(step))

    @apart
    def break_off(self, error: BaseException) -> None:
        """Something broke through the run; what runs now ends by it."""
        self._recorder.run_hook_finished([error])
        case, scenario = self._recorder.case, self._recorder.scenario
        if case is not None:
            case.break_off(error)
            outcome = Outcome(Status.ERROR, redact(describe(error)))
            self._recorder.scenario_finished(outcome)
            self.note_outcome(scenario, outcome)

    def give_up(self, error: Exception) -> None:
        """Writes no more of this run."""
        self.broken = True
        self._console.say(
            "truestep: WARNING: the report of this run ends here by an error of its own, and the "
            f"run goes on: {describe(error)}\n" + redact("".join(format_exception(error)[-3:-1]))
        )

    def _place(self, name: str, statement: Any) -> SourceReference:
        if statement is None:
            return place_of(self._hooks.get(name))
        return SourceReference(uri=statement.filename, location=Location(line=statement.line))

    def _note_infrastructure(self, errors: Iterable[BaseException], where: str) -> None:
        found = [error for error in errors if is_infrastructure(error)]
        if found:
            self.note_failed_service(redact(str(found[0]).splitlines()[0]), where)
