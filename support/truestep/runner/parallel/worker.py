"""A worker: behave's runner in a process of its own, fed by the parent."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from behave.runner import ModelRunner

from truestep.runner.listener import Listener
from truestep.runner.parallel.borrowed import Borrowed
from truestep.runner.parallel.feed import Feed
from truestep.runner.parallel.outbox import Outbox
from truestep.runner.parallel.places import Place, places_of
from truestep.runner.parallel.printing import Printing
from truestep.runner.parallel.shared import Address
from truestep.runner.parallel.teller import Teller
from truestep.runner.parallel.wire import Began, Ended, Job
from truestep.runner.parallel.worker_record import WorkerRecord
from truestep.runner.time_limit import TimeLimit
from truestep.runner.watched import WatchedRunner


@dataclass(frozen=True)
class Errand:
    """What a worker is told when it begins.

    `folder` is that of the run, `run_id` that of the message that it has started, `services`
    where the services are to be had that all workers share, `announces` whether this one tells the
    user about them, `is_only_one` whether there is no other worker.
    """

    name: str
    folder: Path
    run_id: str
    services: Address | None
    announces: bool
    is_only_one: bool

    @property
    def stack_files(self) -> tuple[Path, Path]:
        """Where the stacks of its threads go: when a scenario hangs, and when it crashes."""
        return self.folder / f".hung-{self.name}", self.folder / f".crashed-{self.name}"


class WorkerRunner(WatchedRunner):
    """The runner of one worker.

    Args:
        loaded: the parent's, with features, hooks and steps, as it was before the fork.
        errand: what the parent told.
        connection: to the parent.
    """

    def __init__(self, loaded: Any, errand: Errand, connection: Connection) -> None:
        super().__init__(loaded.config)
        self.features, self.hooks = loaded.features, loaded.hooks
        self.base_dir, self.step_registry = loaded.base_dir, loaded.step_registry
        self.config.reporters = []
        # To stop, and to begin, is the parent's.
        self.config.stop = False
        self.errand = errand
        self._outbox = Outbox(connection, errand.folder)
        places = places_of(self.features)
        self._scenario_record = self._record = WorkerRecord(
            self._outbox, errand.name, errand.run_id, places, self.hooks
        )
        self._feed = Feed(
            connection,
            self._outbox,
            features=self.features,
            places=places,
            begins=self._begin_job,
            is_aborted=lambda: self.aborted,
        )
        self.announces = errand.announces
        self.elsewhere = Borrowed(errand.services, self._is_alone) if errand.services else None
        self._after_all_failed = self._cleanup_failed = False
        self._time_limit = TimeLimit(self.interruptions, errand.stack_files[0])

    def work(self) -> None:
        """Runs what the parent asks for, until there is nothing more."""
        sys.stdout = Printing(self._outbox.print, sys.__stdout__)
        os.register_at_fork(after_in_child=self._is_another_process)
        gc.enable()
        with self.interruptions.handled(), self.path_manager:
            try:
                self._watch()
                # The parent is to know what runs before it runs.
                self.formatters = [Teller(self._outbox), Listener(self)]
                ModelRunner.run_model(self, self._feed.features())
            except BaseException as error:
                self._finish_broken(error)
                # The parent sees that this process ends before it has said so.
                raise
        printed = self._outbox.printed().removesuffix("\nABORTED: By user.\n")
        self._outbox.tell(
            Ended(self._after_all_failed, self._cleanup_failed, self.aborted, printed)
        )

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Runs a hook; the parent is told when the first one has run."""
        passed = super().run_hook(hook_name, *args)
        if hook_name == "before_all":
            session = getattr(self.context, "truestep", None)
            self._outbox.tell(
                Began(
                    passed and not self.aborted,
                    self._outbox.printed(),
                    self._record.selected,
                    frozenset(self.hooks),
                    getattr(session, "run_id", None),
                )
            )
        return passed

    def run_hook_with_capture(self, hook_name: str, *args: Any, **kwargs: Any) -> bool:
        """Runs a hook; behind those before a feature or a rule, it is fed."""
        passed = bool(super().run_hook_with_capture(hook_name, *args, **kwargs))
        if hook_name in ("before_feature", "before_rule"):
            self._feed.entered(args[0])
        elif hook_name == "after_all":
            self._after_all_failed = not passed
        return passed

    def teardown_capture(self) -> None:
        """A scenario has ended, with its hooks and cleanups."""
        self._time_limit.stop()
        super().teardown_capture()

    def code_raised(self, error: BaseException) -> None:
        """A step or a hook has raised."""
        stacks = self._time_limit.stacks_of(error)
        if stacks:
            self._record.attach("text/plain", stacks)
        super().code_raised(error)

    def cleaned_up(self, layer: str, errors: list[BaseException]) -> None:
        """Cleanups have run."""
        super().cleaned_up(layer, errors)
        self._cleanup_failed |= layer == "testrun" and bool(errors)

    def _is_another_process(self) -> None:
        """A step or a hook has forked; the parent would take what that process says for ours."""
        self._outbox.close()
        if isinstance(sys.stdout, Printing):
            sys.stdout = sys.__stdout__

    def _is_alone(self) -> bool:
        return self.errand.is_only_one or self._feed.is_alone

    def _begin_job(self, job: Job, place: Place) -> None:
        row = place.row
        self.context._set_root_attribute("active_outline", row)  # noqa: SLF001  # as behave does
        # It may have run before, and failed.
        place.scenario.error_message = place.scenario.exception = None
        self._record.begin_job(job, place)
        if job.limit_s is not None:
            self._time_limit.start(job.limit_s, str(place.scenario.location))


def work(loaded: Any, errand: Errand, connection: Connection) -> None:
    """Is a worker, in a process that was forked for it."""
    with errand.stack_files[1].open("w") as stacks:
        faulthandler.enable(stacks)
        WorkerRunner(loaded, errand, connection).work()
