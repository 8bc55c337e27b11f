"""behave's runner, with a record of each run, signals that end it tidily, and honest outcomes."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, Any

from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.runner_util import parse_features

from truestep.collector import uncollected
from truestep.console import Console
from truestep.errors import TruestepError, file_trouble
from truestep.runner import afterwards, honest
from truestep.runner.context import WatchedContext
from truestep.runner.jobs import job_count
from truestep.runner.junit_files import forget_junit, junit_folder
from truestep.runner.listener import Listener
from truestep.runner.needs import Needs, needs_of
from truestep.runner.part import Part, take_part
from truestep.runner.record import RunRecord
from truestep.runner.retention import remove_old_runs
from truestep.runner.shards import find_shard
from truestep.runner.timings import TIMINGS, Timings, scenario_key
from truestep.runner.watched import WatchedRunner
from truestep.settings import Order, Settings

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
        self._loading = ExitStack()
        self._timings = Timings()
        self._part: Part | None = None
        self._scenario_began = 0.0
        self._took_s: dict[int, float] = {}

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
        # What is read stays until the end.
        self._loading.enter_context(uncollected())
        with self.interruptions.handled():
            try:
                failed = bool(super().run())
            except BaseException as error:
                broken = error
                self._end_broken(error)
                raise
            finally:
                self._loading.close()
                self._record.facts.ended_by = self.interruptions.received
                self._record.finish(failed=failed, broken=broken)
                self._remember()
                told = afterwards.publish_record(self._record, self._console, self._project, junit)
                self._record.close(told=told)
                afterwards.summarize(self._record, self._project)
        return failed or not told

    def while_services_start(self) -> None:
        """Makes use of the time."""
        afterwards.load()

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
        self._prepare()
        self._record.begin(self.features, self._unreadable, self.hooks)
        self._loading.close()
        if self._record.is_complete:
            # The features are read by now: their list may have come from an old run's rerun file.
            remove_old_runs(self._record.folder, self._project.keep_runs, self._console)
        if self._parallel is not None:
            self.formatters[:] = [Listener(self), *honest.mend_formatters(self.formatters)]
            return self._parallel.run()
        self._watch()
        self.formatters[:] = [Listener(self), *honest.mend_formatters(self.formatters)]
        return bool(super().run_model(features))

    def _prepare(self) -> None:
        """Finds out which scenarios run here, and where; what cannot be is refused by a hook."""
        settings = self._project.settings
        if settings is None:
            return
        self._timings = Timings.read(settings.timings)
        if self._timings.warning:
            self._console.say(self._timings.warning)
        try:
            needs = self._read_needs()
            self._part = self._take_part(settings, needs)
        except TruestepError as refusal:
            self._refusal = refusal
            return
        self._parallel = self._workers(settings, needs)

    def _take_part(self, settings: Settings, needs: list[Needs]) -> Part | None:
        shard = find_shard(settings.shard, os.environ)
        if shard is None:
            return None
        part = take_part(self.features, self.config, needs, shard, self._timings)
        self._console.say(f"truestep: {part}")
        self._record.facts.shard = part.json()
        return part

    def _workers(self, settings: Settings, needs: list[Needs]) -> ParallelRun | None:
        """Returns the run by workers, when it takes them: to be many, and to be killed."""
        jobs = job_count(self.config, settings.jobs, sys.argv[1:])
        limited = settings.timeout_s or any(one.timeout_s for one in needs)
        again = settings.retries or settings.repeat > 1
        if not (jobs > 1 or limited or again or settings.order is Order.RANDOM):
            return None
        # What forks and talks to processes is loaded by a run that has some.
        from truestep.runner.parallel.run import ParallelRun

        return ParallelRun(
            self,
            self._record,
            settings,
            needs=needs,
            jobs=jobs,
            timings=self._timings,
            console=self._console,
        )

    def _read_needs(self) -> list[Needs]:
        scenarios = (one for feature in self.features for one in feature.walk_scenarios())
        return [needs_of(one.effective_tags, str(one.location)) for one in scenarios]

    def _remember(self) -> None:
        """Keeps how long scenarios took; one that failed may have ended early, or waited long."""
        settings = self._project.settings
        if settings is None or not self._record.is_complete:
            return
        took_s = self._parallel.took_s if self._parallel else self._took_s
        passed = (one for one, outcome in self._record.ended.items() if not outcome.failed)
        self._timings.remember(
            {
                scenario_key(self._record.selected[one]): took_s[one]
                for one in passed
                if one in took_s
            }
        )
        # Other shards are still to read what this one has read.
        file = self._record.folder / TIMINGS if self._part else settings.timings
        try:
            self._timings.write(file)
        except OSError as error:
            self._console.say(
                "truestep: WARNING: how long scenarios took could not be kept: "
                f"{file_trouble(error)}\n  Looked at: {file}\n"
                "  Try: make room or give permission there; the run's result does not change"
            )

    def setup_capture(self, name: str | None = None) -> None:
        """A scenario begins."""
        self._scenario_began = time.monotonic()
        super().setup_capture(name=name)

    def teardown_capture(self) -> None:
        """It has ended, with its hooks and cleanups."""
        super().teardown_capture()
        if self._scenario is not None:
            self._took_s[id(self._scenario)] = time.monotonic() - self._scenario_began

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
