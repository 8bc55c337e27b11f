"""behave's runner, with a record of each run, signals that end it tidily, and honest outcomes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import behave.runner
from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.runner_util import parse_features

from truestep.console import Console
from truestep.runner import honest
from truestep.runner.afterwards import tell
from truestep.runner.cases import CLEANUP
from truestep.runner.context import WatchedContext
from truestep.runner.entered import Entered
from truestep.runner.junit_files import forget_junit, junit_folder
from truestep.runner.listener import Listener
from truestep.runner.project import project_settings
from truestep.runner.record import RunRecord
from truestep.runner.relative import remember_relative_paths
from truestep.runner.retention import remove_old_runs
from truestep.runner.witness import Witness
from truestep.settings import Evidence
from truestep.signals import Interruptions


class Runner(behave.runner.Runner):  # type: ignore[misc]  # behave has no types
    """Runs features as behave does, and keeps a record in `reports/<run id>/`.

    Args:
        config: behave's configuration.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        remember_relative_paths()
        if os.environ.get("NO_COLOR"):
            config.color = "off"
        self.interruptions = Interruptions(self._end)
        self.interruptible = True
        self._project = project_settings(config.userdata)
        self._console = Console()
        self._record: RunRecord
        self._began = time.time()
        self._raised: BaseException | None = None
        self._tag_errors: list[BaseException] = []
        self._scenario: Any = None
        self._unreadable: list[str] = []
        self._step: Any = None
        self._step_errors: list[BaseException] = []
        self._entered = Entered()

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
                tell(self._record, self._console, self._project, junit)
        return failed

    def load_hooks(self, filename: str | None = None) -> None:
        """Loads the hooks; settings that are not valid are refused by the first of them."""
        super().load_hooks(filename)
        before_all = self.hooks["before_all"]

        @wraps(before_all)
        def checked(context: Any) -> None:
            if self._project.error:
                raise self._project.error
            before_all(context)

        self.hooks["before_all"] = checked

    def run_model(self, features: Any = None) -> bool:
        """Runs the features that were read."""
        if self.config.dry_run:
            return bool(super().run_model(features))
        self.context = WatchedContext(self, self)
        self._record.follow(
            Witness(
                self.context,
                self.capture_controller,
                hide=self._project.hide,
                everything=self._project.evidence is Evidence.ALL,
            )
        )
        self._record.begin(self.features, self._unreadable, self.hooks)
        if self._record.is_complete:
            # The features are read by now: their list may have come from an old run's rerun file.
            remove_old_runs(self._record.folder, self._project.keep_runs, self._console)
        self.formatters[:] = [Listener(self), *honest.mend_formatters(self.formatters)]
        return bool(super().run_model(features))

    def setup_capture(self, name: str | None = None) -> None:
        """Behave calls this when a scenario begins, and `teardown_capture` when all of it ended."""
        self._scenario = None if self.config.dry_run or self.aborted else self.context.scenario
        super().setup_capture(name=name)
        if self._scenario is not None:
            self._record.scenario_started(self._scenario)

    def teardown_capture(self) -> None:
        """A scenario has ended, with its hooks and cleanups."""
        super().teardown_capture()
        if self._scenario is not None:
            self._record.scenario_finished(self._scenario)

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Runs a hook; one whose scenario, rule or feature never began is left out."""
        if not self.should_run_hook(hook_name):
            return True
        statement = args[0] if args else None
        of_tag, of_step = hook_name.endswith("_tag"), hook_name.endswith("_step")
        if not of_tag and not of_step:
            if not self._entered.runs(hook_name, statement, is_ending=self.aborted):
                return True
            self._record.hook_started(hook_name, statement)
        passed = self._run_hook(hook_name, *args)
        errors = [self._raised] if self._raised and not passed else []
        if of_tag:
            self._tag_errors += errors
        elif of_step:
            # Not those of the steps that a step executes.
            self._step_errors += errors if statement is self._step else []
        else:
            self._record.hook_finished(hook_name, statement, errors)
            if hook_name == "before_all":
                # It may have left out scenarios, and hooks.
                self._select()
            if "all" in hook_name or "feature" in hook_name:
                self._record.note_services(self._services())
        return passed

    def run_hook_tags(self, hook_name: str, tags: Any) -> bool:
        """Runs a hook for each tag of what is about to begin, or has ended."""
        statement = self._statement()
        if not tags or not self._entered.runs(hook_name, statement, is_ending=self.aborted):
            return True
        self._record.hook_started(hook_name, statement)
        self._tag_errors = []
        passed = bool(super().run_hook_tags(hook_name, tags))
        self._record.hook_finished(hook_name, statement, self._tag_errors)
        return passed

    def step_started(self, step: Any) -> None:
        """A step is about to run, with its hooks; or it has no definition."""
        self._step, self._step_errors = step, []
        self._record.step_started(step)

    def step_finished(self, step: Any) -> None:
        """A step has its result."""
        errors = [*([step.exception] if step.exception else []), *self._step_errors]
        errors = list(dict.fromkeys(errors))
        if step.hook_failed:
            # behave has put the step's own error in place of its hook's, even where there is none.
            honest.tell_hook_errors(step, self._step_errors)
        self._record.step_finished(step, errors)
        self._step = None

    def run_ended(self) -> None:
        """All hooks and cleanups are done; formatters and reporters come to their end next."""
        everything = any(around.where == "" for around in self._record.around)
        again = honest.to_run_again(self.features, self._record.ended, everything=everything)
        places = [*self._unreadable, *(str(scenario.location) for scenario in again)]
        honest.tell_rerun(self.formatters, places)
        self._record.run_again(places)
        honest.tell_duration(self.config.reporters, time.time() - self._began)

    def code_raised(self, error: BaseException) -> None:
        """A step or a hook has raised."""
        self._raised = error

    def cleaning_up(self, layer: str) -> None:
        """The cleanups of a layer of the context begin."""
        if layer == "scenario" and self._scenario is not None:
            self._record.scenario_ends()
        self._record.hook_started(CLEANUP, self._of_layer(layer))

    def cleaned_up(self, layer: str, errors: list[BaseException]) -> None:
        """They have run."""
        self._record.hook_finished(CLEANUP, self._of_layer(layer), errors)

    def attached(self, media_type: str, data: bytes) -> bool:
        """Keeps attached data; tells whether behave's formatters can take it, too."""
        self._record.attach(media_type, data, self._step)
        return self._step is not None

    def _run_hook(self, hook_name: str, *args: Any) -> bool:
        self._raised = None
        # What cleans up is not interrupted by the first signal.
        self.interruptible = not hook_name.startswith("after_")
        try:
            return bool(super().run_hook(hook_name, *args))
        finally:
            self.interruptible = True

    def _services(self) -> list[Any]:
        # A project without our hooks has no session, and need not load what makes one.
        session: Any = getattr(self.context, "truestep", None)
        return list(session.services()) if hasattr(session, "services") else []

    def _statement(self) -> Any:
        context = self.context
        found = (getattr(context, name, None) for name in ("scenario", "rule", "feature"))
        return next((one for one in found if one is not None), None)

    def _of_layer(self, layer: str) -> Any:
        return None if layer == "testrun" else getattr(self.context, layer)

    def _end(self, reason: str) -> None:
        if self.context is not None:
            self.context.abort(reason=reason)

    def _end_broken(self, error: BaseException) -> None:
        """Does what is left when something has broken through the run, or kept it from beginning.

        behave would leave hooks and cleanups undone, and files half written or of the run before.
        """
        self._record.break_off(error)
        if isinstance(self.context, WatchedContext):
            self.run_hook_with_capture("after_all")
            with self._beside(error):
                self.context._do_remaining_cleanups()  # noqa: SLF001  # behave does them by no other
        else:
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

    def _select(self) -> None:
        # Steps register there, whatever behave.step_registry says since.
        steps = behave.runner.the_step_registry
        self._record.select(self.features, self.config, steps)

    @contextmanager
    def _beside(self, first: BaseException) -> Iterator[None]:
        """What goes wrong in here is told beside the first error, and does not hide it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # the first error is raised again
            first.add_note(f"After that: {type(error).__name__}: {error}")


def _resolved(path: Any) -> Any:
    text = str(path)
    return f"@{os.path.realpath(text[1:])}" if text.startswith("@") else path
