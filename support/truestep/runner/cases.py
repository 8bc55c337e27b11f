"""Test cases: which steps and hooks each selected scenario has, and what defines them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cucumber_messages import (
    Group,
    Hook,
    HookType,
    StepDefinition,
    StepDefinitionPattern,
    StepDefinitionPatternType,
    StepMatchArgument,
    StepMatchArgumentsList,
    TestCase,
    TestStep,
    TestStepResultStatus,
)
from gherkin.stream.id_generator import IdGenerator

from truestep.errors import UndefinedStepError
from truestep.runner.places import place_of

CLEANUP = "cleanup"
_BEFORE = ("before_tag", "before_scenario")
_AFTER = ("after_scenario", "after_tag")

Key = str | int
"""A hook's name, or the `id()` of a step of behave's, whose equality is that of texts."""


@dataclass
class Case:
    """One test case, and how far its running attempt has come."""

    id: str
    steps: Mapping[Key, str]
    undefined: frozenset[Key]
    attempts: int = 0
    started_id: str = ""
    running: Key | None = None
    step_began: float = 0.0
    waiting: dict[Key, str] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)

    def start(self, started_id: str) -> None:
        """Begins an attempt."""
        self.attempts += 1
        self.started_id = started_id
        self.running = None
        self.waiting = dict(self.steps)
        self.errors = []

    def unexecuted(self, key: Key) -> TestStepResultStatus:
        """Returns the status of a step or hook that did not run."""
        refused = any(isinstance(error, UndefinedStepError) for error in self.errors)
        if refused and key in self.undefined:
            return TestStepResultStatus.undefined
        return TestStepResultStatus.skipped


class Cases:
    """The test cases of a run.

    Args:
        ids: makes the ids of the run's messages.
        registry: behave's step registry.
        hooks: behave's hooks, by name.
    """

    def __init__(
        self, ids: IdGenerator, registry: Any, hooks: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._ids = ids
        self._registry = registry
        self._hooks = hooks
        self._hook_ids: dict[str, str] = {}
        self._definitions: dict[tuple[str, str], str] = {}
        self._cases: dict[int, Case] = {}

    def of(self, scenario: Any) -> Case | None:
        """Returns the case of a scenario; None for one that was not selected."""
        return self._cases.get(id(scenario))

    def add(
        self, scenario: Any, pickle: Mapping[str, Any], run_id: str
    ) -> Iterator[tuple[str, Any]]:
        """Yields the messages of a selected scenario: definitions that are new, its test case."""
        steps: dict[Key, TestStep] = {}
        undefined = set()
        for name in _BEFORE:
            yield from self._hook(name, scenario, steps)
        for step, pickle_step in zip(scenario.all_steps, pickle["steps"], strict=True):
            test_step = TestStep(
                id=self._ids.get_next_id(),
                pickle_step_id=pickle_step["id"],
                step_definition_ids=[],
                step_match_arguments_lists=[],
            )
            match = self._registry.find_match(step)
            if match is None:
                undefined.add(id(step))
            else:
                yield from self._definition(step, match)
                test_step.step_definition_ids = [self._definitions[_place(match)]]
                test_step.step_match_arguments_lists = [_arguments(match)]
            steps[id(step)] = test_step
        for name in _AFTER:
            yield from self._hook(name, scenario, steps)
        yield from self._hook(CLEANUP, scenario, steps)
        case_id = self._ids.get_next_id()
        ids = {key: step.id for key, step in steps.items()}
        self._cases[id(scenario)] = Case(case_id, ids, frozenset(undefined))
        rows = list(steps.values())
        yield "testCase", TestCase(case_id, pickle["id"], rows, test_run_started_id=run_id)

    def _hook(
        self, name: str, scenario: Any, steps: dict[Key, TestStep]
    ) -> Iterator[tuple[str, Any]]:
        hook = self._hooks.get(name)
        if name != CLEANUP and (hook is None or (name.endswith("tag") and not scenario.tags)):
            return
        if name not in self._hook_ids:
            self._hook_ids[name] = self._ids.get_next_id()
            before = name in _BEFORE
            yield (
                "hook",
                Hook(
                    id=self._hook_ids[name],
                    source_reference=place_of(hook),
                    name=name,
                    type=HookType.before_test_case if before else HookType.after_test_case,
                ),
            )
        steps[name] = TestStep(id=self._ids.get_next_id(), hook_id=self._hook_ids[name])

    def _definition(self, step: Any, match: Any) -> Iterator[tuple[str, Any]]:
        place = _place(match)
        if place in self._definitions:
            return
        self._definitions[place] = definition_id = self._ids.get_next_id()
        definition = self._registry.find_step_definition(step)
        regular = "Regex" in type(definition).__name__ or "RE" in type(definition).__name__
        kinds = StepDefinitionPatternType
        kind = kinds.regular_expression if regular else kinds.cucumber_expression
        yield (
            "stepDefinition",
            StepDefinition(
                id=definition_id,
                pattern=StepDefinitionPattern(source=str(definition.pattern), type=kind),
                source_reference=place_of(match.func),
            ),
        )


def _place(match: Any) -> tuple[str, str]:
    return str(match.location), getattr(match.func, "__qualname__", "")


def _arguments(match: Any) -> StepMatchArgumentsList:
    return StepMatchArgumentsList(
        [
            StepMatchArgument(Group(start=argument.start, value=str(argument.original)))
            for argument in match.arguments or ()
        ]
    )
