"""The parent's run: behave's own loops in the written order, with the results of the workers."""

from __future__ import annotations

import copy
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from behave.matchers import NoMatch
from behave.model import Feature
from behave.model_type import Status
from behave.runner import Context, ModelRunner

from truestep.runner.parallel.crew import Crew
from truestep.runner.parallel.places import Place


class _CleanupFailedError(Exception):
    """Cleanups failed, in a worker."""


class Replay(ModelRunner):  # type: ignore[misc]  # behave has no types
    """Tells formatters and reporters what workers have run, as if it had been run here.

    Args:
        loaded: behave's runner, with features, steps and formatters.
        crew: the workers.
        places: of all scenarios.
    """

    def __init__(self, loaded: Any, crew: Crew, places: Sequence[Place]) -> None:
        config = copy.copy(loaded.config)
        # Whether more is begun is the crew's; what was begun is told to its end.
        config.stop = False
        super().__init__(config, loaded.features, loaded.step_registry)
        self.formatters = loaded.formatters
        self._undefined_steps = loaded.undefined_steps
        self._crew = crew
        self._places = places
        self._numbers: dict[int, tuple[int, int | None]] = {}
        for number, feature in enumerate(loaded.features):
            self._numbers[id(feature)] = number, None
            self._numbers |= {id(item): (number, at) for at, item in enumerate(feature.run_items)}
        self._selected: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)

    def run(self) -> bool:
        """Waits for all results and tells them; returns whether the run failed."""
        self.context = _ReplayContext(self)
        return bool(self.run_model())

    def run_hook(self, hook_name: str, *_: Any) -> bool:
        """`before_all` has run in the workers; the other hooks are not ours to run."""
        if hook_name == "before_all":
            self._begin()
        return True

    def run_hook_with_capture(self, hook_name: str, *args: Any, **_: Any) -> bool:
        """Waits for what ran in the workers."""
        if hook_name in ("before_feature", "before_rule"):
            return self._container_begins(args[0])
        if hook_name in ("after_feature", "after_rule"):
            return self._container_ends(args[0])
        if hook_name == "after_all":
            self._end()
        return True

    def run_hook_tags_with_capture(self, *_: Any, **__: Any) -> bool:
        """They have run in the workers."""
        return True

    def abort(self, reason: str | None = None) -> None:
        """A second Ctrl-C has come."""
        self._crew.kill()
        super().abort(reason)

    def layer_failed(self, layer: str) -> bool:
        """Tells whether cleanups of a layer of the context have failed in a worker."""
        if layer in ("feature", "rule"):
            container = self.feature if layer == "feature" else self.context.rule
            parts = self._crew.parts(*self._numbers[id(container)])
            return any(part.state.cleanup_failed for part in parts)
        return layer == "testrun" and any(one.cleanup_failed for one in self._crew.gathered.ended)

    def _begin(self) -> None:
        began = self._crew.began()
        sys.stdout.write(began.printed if began else "")
        if began is None or not began.passed:
            self.hook_failures += 1
            self.aborted = True
            return
        for position in began.selected:
            place = self._places[position]
            place.scenario.run = partial(self._replay, position)
            self._selected[place.feature, None].append(position)
            if place.rule is not None:
                self._selected[place.feature, place.rule].append(position)
        for number, feature in enumerate(self.features):
            feature.run = partial(self._run_feature, number)

    def _run_feature(self, number: int, runner: ModelRunner) -> bool:
        own = self._selected[number, None]
        never_begun = own and all(self._crew.result(one) is None for one in own)
        if never_begun and not self._crew.parts(number, None):
            # The run has ended before.
            return False
        return bool(Feature.run(self.features[number], runner))

    def _replay(self, position: int, _runner: ModelRunner) -> bool:
        scenario = self._places[position].scenario
        result = self._crew.result(position)
        if result is None:
            return False
        scenario.clear_status()
        steps = list(scenario.all_steps)
        for name, argument in result.calls:
            if name == "print":
                sys.stdout.write(argument)
            elif name == "embedding":
                for formatter in self.formatters:
                    if hasattr(formatter, "embedding"):
                        formatter.embedding(*argument)
            elif name == "scenario":
                self._tell("scenario", scenario)
            elif name == "match":
                match = self.step_registry.find_match(steps[argument])
                self._tell("match", match or NoMatch())
            else:
                if name == "result":
                    result.state.steps[argument].put(steps[argument])
                self._tell(name, steps[argument])
        result.state.put(scenario)
        self._undefined_steps += [step for step in steps if step.status is Status.undefined]
        return result.state.has_failed

    def _tell(self, name: str, argument: Any) -> None:
        for formatter in self.formatters:
            getattr(formatter, name)(argument)

    def _container_begins(self, container: Any) -> bool:
        """A feature or a rule begins: its hooks have run in a first worker."""
        numbers = self._numbers[id(container)]
        for entered in self._crew.entered(*numbers, self._selected[numbers])[:1]:
            sys.stdout.write(entered.printed)
            container.hook_failed |= entered.hook_failed
            if entered.is_skipped:
                container.skip()
        return not container.hook_failed

    def _container_ends(self, container: Any) -> bool:
        """It ends. In each worker it has hooks of its own; what is the same is told once."""
        numbers = self._numbers[id(container)]
        parts = self._crew.parts(*numbers)
        entered = self._crew.gathered.entered[numbers]
        others = list(dict.fromkeys(one.printed for one in entered))[1:]
        for part in parts:
            part.state.put(container)
        for printed in [*others, *dict.fromkeys(part.printed for part in parts)]:
            sys.stdout.write(printed)
        return not container.hook_failed

    def _end(self) -> None:
        ended = self._crew.ended()
        # Each worker has its own `after_all`; what is the same is told once.
        for printed in dict.fromkeys(one.printed for one in ended):
            sys.stdout.write(printed)
        self.hook_failures += sum(one.hook_failed for one in ended)
        if self._crew.gathered.aborted or self._crew.is_interrupted:
            # The workers have said why.
            self.aborted = True
        self.hook_failures += self._crew.gathered.died


class _ReplayContext(Context):  # type: ignore[misc]  # behave has no types
    """The context of a replay: nothing is in it, and its cleanups fail where those of a worker did.

    Args:
        replay: the run.
    """

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._replay = replay

    def _do_cleanups(self) -> None:
        layer = self._stack[0].get("@layer") or ""
        if self._replay.layer_failed(layer):
            raise _CleanupFailedError(layer)
