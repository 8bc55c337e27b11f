"""The record of what one worker runs: sent to its parent, as it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gherkin.stream.id_generator import IdGenerator

from truestep.console import Console
from truestep.runner.cases import Case
from truestep.runner.outcomes import Around, Outcome, outcome_of
from truestep.runner.parallel.outbox import Outbox
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.states import ScenarioState
from truestep.runner.parallel.wire import (
    FailedAround,
    FailedService,
    Finished,
    Job,
    Started,
    StartedServices,
)
from truestep.runner.recorder import Recorder
from truestep.runner.scenario_record import ScenarioRecord, apart


class WorkerIds(IdGenerator):
    """Ids that carry the name of their worker."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self._worker = worker

    def get_next_id(self) -> str:
        """Returns an id that no other worker has."""
        return f"{self._worker}.{super().get_next_id()}"


class WorkerRecord(ScenarioRecord):
    """The record of what one worker runs, written by its parent.

    Args:
        outbox: to the parent.
        worker: the worker's name.
        run_id: of the message that the run has started.
        places: of all scenarios.
        hooks: behave's hooks, by name.
    """

    def __init__(
        self,
        outbox: Outbox,
        worker: str,
        run_id: str,
        places: Sequence[Place],
        hooks: Mapping[str, Any],
    ) -> None:
        recorder = Recorder(outbox, ids=WorkerIds(worker), run_id=run_id, worker=worker)
        super().__init__(recorder, Console())
        self._outbox = outbox
        self._places = places
        self._hooks = hooks
        self._job: Job | None = None
        self._outcome: Outcome | None = None
        self.selected: tuple[int, ...] = ()

    @apart
    def select(self, features: Sequence[Any], config: Any, registry: Any) -> None:
        """The first hook is done: which scenarios are to run?"""
        del features, registry
        rows = enumerate(self._places)
        self.selected = tuple(at for at, one in rows if one.scenario.should_run(config))

    def begin_job(self, job: Job, place: Place) -> None:
        """A scenario comes next; its test case is the parent's."""
        steps = list(place.scenario.all_steps)
        self._job = job
        self._recorder.cases = {
            id(place.scenario): Case(
                job.case_id,
                {id(steps[key]) if isinstance(key, int) else key: one for key, one in job.steps},
                frozenset(id(steps[number]) for number in job.undefined),
                job.attempt,
            )
        }
        self._outbox.tell(Started(job.position))
        self._outbox.scenario_begins()

    def scenario_finished(self, scenario: Any) -> None:
        """It has ended: the parent is told, also when the record could not be written."""
        job, case = self._job, self._recorder.case
        if job is None:
            return
        self._outcome = None
        super().scenario_finished(scenario)
        outcome = self._outcome or outcome_of(scenario, case.errors if case else ())
        self._job = None
        state = ScenarioState.of(scenario)
        self._outbox.tell(Finished(job.position, case.id if case else "", outcome, state))
        self._outbox.scenario_ended()

    def note_outcome(self, scenario: Any, outcome: Outcome) -> None:
        """Keeps how it ended, for the parent."""
        del scenario
        self._outcome = outcome

    def note_around(self, around: Around) -> None:
        """Tells the parent."""
        self._outbox.tell(FailedAround(around))

    def note_failed_service(self, what: str, where: str) -> None:
        """Tells the parent."""
        self._outbox.tell(FailedService(what, where))

    def note_started(self, rows: list[dict[str, Any]]) -> None:
        """Tells the parent."""
        self._outbox.tell(StartedServices(rows))
