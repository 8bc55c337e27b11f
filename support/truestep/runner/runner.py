"""behave's runner, with a record of each run, signals that end it tidily, and honest outcomes."""

from __future__ import annotations

import os
import sys
import time
from functools import wraps
from typing import TYPE_CHECKING, Any

from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.runner_util import parse_features

from truestep.console import Console
from truestep.errors import TagError
from truestep.runner import honest
from truestep.runner.afterwards import tell
from truestep.runner.context import WatchedContext
from truestep.runner.jobs import job_count
from truestep.runner.junit_files import forget_junit, junit_folder
from truestep.runner.listener import Listener
from truestep.runner.needs import Needs, needs_of
from truestep.runner.record import RunRecord
from truestep.runner.timings import Timings
from truestep.runner.watched import WatchedRunner
from truestep.settings import Order

if TYPE_CHECKING:
    from truestep.runner.parallel.run import ParallelRun


class Runner(WatchedRunner):
    """Runs features as behave does, and keeps a record in `reports/<run id>/`.

    Args:
        config: behave's configuration.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._refusal = self._project.error
        self._console = Console()
        self._record: RunRecord
        self._began = time.time()
        self._unreadable: list[str] = []
        self._parallel: ParallelRun | None = None

    def run(self) -> bool:
        """Runs all features; returns whether the run failed."""
        if self.config.dry_run:
            # Nothing runs, so there is nothing to keep.
            return bool(super().run())
        # `@reports/latest/rerun.txt` is that of the run before.
        self.config.paths = [_resolved(path) for path in self.config.paths]
        junit = junit_folder(self.config, self._project.reports)
        forget_junit(junit)
        self._record = RunRecord(self._project.reports, self._console, self._project.written)
        self._scenario_record = self._record
        failed, broken = True, None
        with self.interruptions.handled():
            try:
                failed = bool(super().run())
            except BaseException as error:
                broken = error
                self._end_broken(error)
                raise
            finally:
                self._record.facts.ended_by = self.interruptions.received
                self._record.finish(failed=failed, broken=broken)
                tell(self._record, self._console, self._project.services, junit)
        return failed

    def load_hooks(self, filename: str | None = None) -> None:
        """Loads the hooks; settings that are not valid are refused by the first of them."""
        super().load_hooks(filename)
        before_all = self.hooks["before_all"]

        @wraps(before_all)
        def checked(context: Any) -> None:
            if self._refusal:
                raise self._refusal
            before_all(context)

        self.hooks["before_all"] = checked

    def run_model(self, features: Any = None) -> bool:
        """Runs the features that were read."""
        if self.config.dry_run:
            return bool(super().run_model(features))
        self._parallel = self._workers()
        self._record.begin(self.features, self._unreadable, self.hooks)
        if self._parallel is not None:
            self.formatters[:] = [Listener(self), *honest.mend_formatters(self.formatters)]
            return self._parallel.run()
        self._watch()
        self.formatters[:] = [Listener(self), *honest.mend_formatters(self.formatters)]
        return bool(super().run_model(features))

    def _workers(self) -> ParallelRun | None:
        """Returns the run by workers, when it takes them: to be many, and to be killed."""
        settings = self._project.settings
        if settings is None:
            return None
        needs = self._read_needs()
        jobs = job_count(self.config, settings.jobs, sys.argv[1:])
        limited = settings.timeout_s or any(one.timeout_s for one in needs)
        again = settings.retries or settings.repeat > 1
        if self._refusal or not (jobs > 1 or limited or again or settings.order is Order.RANDOM):
            return None
        # What forks and talks to processes is loaded by a run that has some.
        from truestep.runner.parallel.run import ParallelRun

        return ParallelRun(
            self,
            self._record,
            settings,
            needs=needs,
            jobs=jobs,
            timings=Timings.read(settings.timings),
            console=self._console,
        )

    def _read_needs(self) -> list[Needs]:
        scenarios = (one for feature in self.features for one in feature.walk_scenarios())
        try:
            return [needs_of(one.effective_tags, str(one.location)) for one in scenarios]
        except TagError as refusal:
            self._refusal = refusal
            return []

    def run_ended(self) -> None:
        """All hooks and cleanups are done; formatters and reporters come to their end next."""
        everything = any(around.where == "" for around in self._record.around)
        again = honest.to_run_again(self.features, self._record.ended, everything=everything)
        places = [*self._unreadable, *(str(scenario.location) for scenario in again)]
        honest.tell_rerun(self.formatters, places)
        self._record.run_again(places)
        honest.tell_duration(self.config.reporters, time.time() - self._began)

    def _end(self, reason: str) -> None:
        if self._parallel is not None:
            self._parallel.interrupt(reason)
        else:
            super()._end(reason)

    def _end_broken(self, error: BaseException) -> None:
        """Does what is left when something has broken through the run, or kept it from beginning.

        behave would leave hooks and cleanups undone, and files half written or of the run before.
        """
        if isinstance(self.context, WatchedContext):
            self._finish_broken(error)
        elif self._parallel is None:
            self._record.break_off(error)
            with self._beside(error):
                self._begin_in_vain()
        for formatter in self.formatters:
            with self._beside(error):
                formatter.close()

    def _begin_in_vain(self) -> None:
        # All the files that can be read: their scenarios were not run.
        for location in self.feature_locations():
            try:
                self.features += parse_features([location], language=self.config.lang)
            except ParserError:
                self._unreadable.append(str(location))
        self._record.begin(self.features, self._unreadable, self.hooks)
        self._select()
        self.formatters = [Listener(self), *make_formatters(self.config, self.config.outputs)]


def _resolved(path: Any) -> Any:
    text = str(path)
    return f"@{os.path.realpath(text[1:])}" if text.startswith("@") else path
