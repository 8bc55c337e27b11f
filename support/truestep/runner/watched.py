"""behave's runner, watched: what scenarios, hooks and cleanups do is recorded, and ends tidily."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import behave.runner

from truestep.runner import honest
from truestep.runner.cases import CLEANUP
from truestep.runner.context import WatchedContext
from truestep.runner.entered import Entered
from truestep.runner.project import project_settings
from truestep.runner.remembered import remember
from truestep.runner.scenario_record import ScenarioRecord
from truestep.runner.witness import Witness
from truestep.settings import Evidence
from truestep.signals import Interruptions


class WatchedRunner(behave.runner.Runner):  # type: ignore[misc]  # behave has no types
    """Tells a record what is run in this process.

    Args:
        config: behave's configuration.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        remember()
        if os.environ.get("NO_COLOR"):
            config.color = "off"
        self.interruptions = Interruptions(self._end)
        self.interruptible = True
        self._project = project_settings(config.userdata)
        self._scenario_record: ScenarioRecord
        self._raised: BaseException | None = None
        self._tag_errors: list[BaseException] = []
        self._scenario: Any = None
        self._step: Any = None
        self._step_errors: list[BaseException] = []
        self._entered = Entered()

    def _watch(self) -> None:
        self.context = WatchedContext(self, self)
        self._scenario_record.follow(
            Witness(
                self.context,
                self.capture_controller,
                hide=self._project.hide,
                everything=self._project.evidence is Evidence.ALL,
            )
        )

    def setup_capture(self, name: str | None = None) -> None:
        """Behave calls this when a scenario begins, and `teardown_capture` when all of it ended."""
        self._scenario = None if self.config.dry_run or self.aborted else self.context.scenario
        super().setup_capture(name=name)
        if self._scenario is not None:
            self._scenario_record.scenario_started(self._scenario)

    def teardown_capture(self) -> None:
        """A scenario has ended, with its hooks and cleanups."""
        super().teardown_capture()
        if self._scenario is not None:
            self._scenario_record.scenario_finished(self._scenario)

    def run_hook_with_capture(self, hook_name: str, *args: Any, **kwargs: Any) -> bool:
        """Runs a hook, if there is one; what it is about has begun in any case."""
        if not self.should_run_hook(hook_name):
            self._entered.runs(hook_name, args[0] if args else None, is_ending=self.aborted)
            return True
        return bool(super().run_hook_with_capture(hook_name, *args, **kwargs))

    def run_hook_tags_with_capture(self, hook_name: str, tags: Any, **kwargs: Any) -> bool:
        """Runs a hook for each tag, if there is one; what has the tags has begun in any case."""
        if not self.should_run_hook(hook_name):
            self._entered.runs(hook_name, self._statement(), is_ending=self.aborted)
            return True
        return bool(super().run_hook_tags_with_capture(hook_name, tags, **kwargs))

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Runs a hook; one whose scenario, rule or feature never began is left out."""
        if not self.should_run_hook(hook_name):
            return True
        statement = args[0] if args else None
        of_tag, of_step = hook_name.endswith("_tag"), hook_name.endswith("_step")
        if not of_tag and not of_step:
            if not self._entered.runs(hook_name, statement, is_ending=self.aborted):
                return True
            self._scenario_record.hook_started(hook_name, statement)
        passed = self._run_hook(hook_name, *args)
        errors = [self._raised] if self._raised and not passed else []
        if of_tag:
            self._tag_errors += errors
        elif of_step:
            # Not those of the steps that a step executes.
            self._step_errors += errors if statement is self._step else []
        else:
            self._scenario_record.hook_finished(hook_name, statement, errors)
            if hook_name == "before_all":
                # It may have left out scenarios, and hooks.
                self._select()
            if "all" in hook_name or "feature" in hook_name:
                self._scenario_record.note_services(self._services())
        return passed

    def run_hook_tags(self, hook_name: str, tags: Any) -> bool:
        """Runs a hook for each tag of what is about to begin, or has ended."""
        statement = self._statement()
        if not tags or not self._entered.runs(hook_name, statement, is_ending=self.aborted):
            return True
        self._scenario_record.hook_started(hook_name, statement)
        self._tag_errors = []
        passed = bool(super().run_hook_tags(hook_name, tags))
        self._scenario_record.hook_finished(hook_name, statement, self._tag_errors)
        return passed

    def step_started(self, step: Any) -> None:
        """A step is about to run, with its hooks; or it has no definition."""
        self._step, self._step_errors = step, []
        self._scenario_record.step_started(step)

    def step_finished(self, step: Any) -> None:
        """A step has its result."""
        errors = [*([step.exception] if step.exception else []), *self._step_errors]
        errors = list(dict.fromkeys(errors))
        if step.hook_failed:
            # behave has put the step's own error in place of its hook's, even where there is none.
            honest.tell_hook_errors(step, self._step_errors)
        self._scenario_record.step_finished(step, errors)
        self._step = None

    def code_raised(self, error: BaseException) -> None:
        """A step or a hook has raised."""
        self._raised = error

    def run_ended(self) -> None:
        """All hooks and cleanups are done; formatters and reporters come to their end next."""

    def cleaning_up(self, layer: str) -> None:
        """The cleanups of a layer of the context begin."""
        if layer == "scenario" and self._scenario is not None:
            self._scenario_record.scenario_ends()
        self._scenario_record.hook_started(CLEANUP, self._of_layer(layer))

    def cleaned_up(self, layer: str, errors: list[BaseException]) -> None:
        """They have run."""
        self._scenario_record.hook_finished(CLEANUP, self._of_layer(layer), errors)

    def attached(self, media_type: str, data: bytes) -> bool:
        """Keeps attached data; tells whether behave's formatters can take it, too."""
        self._scenario_record.attach(media_type, data, self._step)
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
        """The first signal has come."""
        if self.context is not None:
            self.context.abort(reason=reason)

    def _finish_broken(self, error: BaseException) -> None:
        """Runs the hooks and cleanups that are left, when something has broken through the run."""
        self._scenario_record.break_off(error)
        self.run_hook_with_capture("after_all")
        with self._beside(error):
            self.context._do_remaining_cleanups()  # noqa: SLF001  # behave does them by no other

    def _select(self) -> None:
        # Steps register there, whatever behave.step_registry says since.
        steps = behave.runner.the_step_registry
        self._scenario_record.select(self.features, self.config, steps)
        # What was read stays until the end; the collector need not look at it time and again.
        gc.freeze()

    @contextmanager
    def _beside(self, first: BaseException) -> Iterator[None]:
        """What goes wrong in here is told beside the first error, and does not hide it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # the first error is raised again
            first.add_note(f"After that: {type(error).__name__}: {error}")
