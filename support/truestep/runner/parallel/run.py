"""A run whose scenarios run in workers."""

from __future__ import annotations

import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from behave.formatter.progress import ProgressFormatterBase
from behave.runner import the_step_registry

from truestep import polling
from truestep.console import Console
from truestep.runner.afterwards import load_beside
from truestep.runner.needs import Needs
from truestep.runner.parallel.assignments import Assignments
from truestep.runner.parallel.attempts import Attempts
from truestep.runner.parallel.chronicle import Chronicle
from truestep.runner.parallel.crew import Crew
from truestep.runner.parallel.gathered import Gathered
from truestep.runner.parallel.places import places_of
from truestep.runner.parallel.progress import Progress
from truestep.runner.parallel.replay import Replay
from truestep.runner.parallel.shared import SharedServices
from truestep.runner.parallel.tally import Tally
from truestep.runner.parallel.units import shuffled, units_of
from truestep.runner.parallel.wire import Began
from truestep.runner.parallel.worker import Errand, work
from truestep.runner.parallel.zygote import Zygote
from truestep.runner.record import RunRecord
from truestep.runner.schedule import Schedule
from truestep.runner.timings import Timings
from truestep.services.application.placeholders import one_at_a_time
from truestep.settings import Order, Settings

_SEEDS = 1_000_000


class ParallelRun:
    """Starts the workers, and ends them.

    The process that will fork them is made here, so this comes before anything is started.

    Args:
        loaded: behave's runner, with features, hooks, steps and formatters.
        record: of the run.
        settings: of the project.
        needs: what each scenario asks of the runner.
        jobs: how many workers there are to be.
        timings: how long scenarios took before.
        console: where what is random is told.
    """

    def __init__(
        self,
        loaded: Any,
        record: RunRecord,
        settings: Settings,
        *,
        needs: Sequence[Needs],
        jobs: int,
        timings: Timings,
        console: Console,
    ) -> None:
        self._loaded = loaded
        self._settings = settings
        self._needs = needs
        self._timings = timings
        self._places = places_of(loaded.features)
        self._size = max(1, min(jobs, len(self._places) * settings.repeat))
        self._seed = settings.seed if settings.seed is not None else secrets.randbelow(_SEEDS)
        if settings.order is Order.RANDOM:
            console.say(f"truestep: in random order; again in this one: -D seed={self._seed}")
        # A worker is a copy of this process as it is now.
        self._zygote = Zygote(partial(work, loaded))
        self._services = SharedServices(settings, console)
        # What a scenario waits for is scaled, and so are the starts of services in this process.
        polling.configure(scale=settings.wait_scale)
        limits = [one.timeout_s or settings.timeout_s for one in needs]
        limits_s = [None if limit is None else polling.scaled(limit) for limit in limits]
        self._chronicle = Chronicle(record, self._places, limits_s)
        self._record = record
        record.facts.repeat = settings.repeat
        attempts = Attempts(retries=settings.retries, repeat=settings.repeat)
        self._tally = Tally(len(self._places), attempts)
        self._assignments = Assignments(self._tally, self._chronicle.job)
        self._gathered = Gathered(
            self._places,
            plan=self._plan,
            assignments=self._assignments,
            tally=self._tally,
            chronicle=self._chronicle,
            stops_at_failure=bool(loaded.config.stop),
        )
        self._crew: Crew | None = None

    def run(self) -> bool:
        """Runs all; returns whether the run failed."""
        with ExitStack() as undo:
            undo.callback(self._services.close)
            undo.callback(self._zygote.close)
            self._crew = crew = Crew(
                self._zygote,
                self._errand,
                self._size,
                gathered=self._gathered,
                assignments=self._assignments,
                tally=self._tally,
                progress=Progress(sys.stderr, may_change=not self._shows_progress()),
                died=self._services.sweep,
                idle=load_beside,
            )
            undo.callback(crew.kill)
            signalled = self._loaded.interruptions.received
            if signalled is not None and not crew.is_interrupted:
                # It came before there was anybody to interrupt.
                self.interrupt(signalled)
            try:
                return Replay(self._loaded, crew, self._places).run()
            except Exception:
                # A formatter, say, which may raise anything. What runs is ended with its hooks,
                # as in a run one by one.
                crew.interrupt(signal.SIGTERM)
                crew.ended()
                raise

    def interrupt(self, name: str) -> None:
        """Ends the run early by the signal of that name; safe in its handler."""
        if self._crew is not None:
            self._crew.interrupt(signal.Signals[name])

    @property
    def took_s(self) -> Mapping[int, float]:
        """How long scenarios took, in seconds, by the `id()` of behave's."""
        took_s = self._tally.took_s.items()
        return {id(self._places[position].scenario): took for position, took in took_s}

    def _shows_progress(self) -> bool:
        return any(isinstance(one, ProgressFormatterBase) for one in self._loaded.formatters)

    def _errand(self, number: int) -> Errand:
        return Errand(
            name=f"w{number}",
            folder=self._record.folder.resolve(),
            run_id=self._record.run_id,
            services=self._services.address,
            announces=number == 1,
            is_only_one=self._size == 1,
        )

    def _plan(self, began: Began) -> None:
        loaded, settings = self._loaded, self._settings
        self._chronicle.begin(began, loaded.features, loaded.config, the_step_registry)
        locks = one_at_a_time(settings)
        units = units_of(
            self._places,
            began.selected,
            self._needs,
            self._timings,
            shared=locks,
            repeat=settings.repeat,
        )
        is_random = settings.order is Order.RANDOM
        units = shuffled(units, self._seed) if is_random else units
        schedule = Schedule(units, self._size, keep_order=is_random)
        # A worker starts its own instance of an application: of one at a time, there is only one.
        self._assignments.begin(schedule, kept=frozenset(locks.values()))
