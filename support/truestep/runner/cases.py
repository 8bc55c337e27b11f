"""Test cases: which steps and hooks each selected scenario has, and what defines them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cucumber_messages import (
    Hook,
    HookType,
    StepDefinition,
    StepDefinitionPattern,
    StepDefinitionPatternType,
)
from gherkin.stream.id_generator import IdGenerator

from truestep.runner.places import place_of

CLEANUP = "cleanup"
_BEFORE = ("before_tag", "before_scenario")
_AFTER = ("after_scenario", "after_tag")

Key = str | int
"""A hook's name, or the `id()` of a step of behave's, whose equality is that of texts."""
Row = dict[str, Any]
"""Part of a message as JSON has it. There are many of these: by their classes they cost more."""


@dataclass
class Case:
    """One test case: its steps and hooks, and which steps have no definition."""

    id: str
    steps: Mapping[Key, str]
    undefined: frozenset[Key]
    attempts: int = 0


class Cases:
    """The test cases of a run.

    Args:
        ids: makes the ids of the run's messages.
        registry: behave's step registry.
        hooks: behave's hooks, by name.

    `all` has those that were added, by the `id()` of behave's scenario.
    """

    def __init__(
        self, ids: IdGenerator, registry: Any, hooks: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._ids = ids
        self._registry = registry
        self._hooks = hooks
        self._hook_ids: dict[str, str] = {}
        self._definitions: dict[tuple[str, str], str] = {}
        # Steps are often alike, and matching one against all definitions is what takes time.
        self._matches: dict[tuple[str, str], Row] = {}
        self.all: dict[int, Case] = {}

    def add(
        self, scenario: Any, pickle: Mapping[str, Any], run_id: str
    ) -> Iterator[tuple[str, Any]]:
        """Yields the messages of a selected scenario: definitions that are new, its test case."""
        steps: dict[Key, str] = {}
        rows: list[Row] = []
        undefined = set()
        for name in _BEFORE:
            yield from self._hook(name, scenario, steps, rows)
        for step, pickle_step in zip(scenario.all_steps, pickle["steps"], strict=True):
            text = step.step_type, step.name
            if text not in self._matches:
                yield from self._match(step, text)
            steps[id(step)] = step_id = self._ids.get_next_id()
            rows.append({"id": step_id, "pickleStepId": pickle_step["id"], **self._matches[text]})
            if not rows[-1]["stepDefinitionIds"]:
                undefined.add(id(step))
        for name in (*_AFTER, CLEANUP):
            yield from self._hook(name, scenario, steps, rows)
        case_id = self._ids.get_next_id()
        self.all[id(scenario)] = Case(case_id, steps, frozenset(undefined))
        yield (
            "testCase",
            {
                "id": case_id,
                "pickleId": pickle["id"],
                "testSteps": rows,
                "testRunStartedId": run_id,
            },
        )

    def _hook(
        self, name: str, scenario: Any, steps: dict[Key, str], rows: list[Row]
    ) -> Iterator[tuple[str, Any]]:
        hook = self._hooks.get(name)
        if name != CLEANUP and (hook is None or (name.endswith("tag") and not scenario.tags)):
            return
        if name not in self._hook_ids:
            self._hook_ids[name] = hook_id = self._ids.get_next_id()
            before = name in _BEFORE
            kind = HookType.before_test_case if before else HookType.after_test_case
            yield "hook", Hook(id=hook_id, source_reference=place_of(hook), name=name, type=kind)
        steps[name] = step_id = self._ids.get_next_id()
        rows.append({"id": step_id, "hookId": self._hook_ids[name]})

    def _match(self, step: Any, text: tuple[str, str]) -> Iterator[tuple[str, Any]]:
        match = self._registry.find_match(step)
        ids: list[str] = []
        arguments: list[Row] = []
        if match is not None:
            place = _place(match)
            if place not in self._definitions:
                self._definitions[place] = definition_id = self._ids.get_next_id()
                yield "stepDefinition", self._definition(definition_id, step, match)
            ids = [self._definitions[place]]
            groups = [
                {"group": {"start": one.start, "value": str(one.original)}}
                for one in match.arguments or ()
            ]
            arguments = [{"stepMatchArguments": groups}]
        self._matches[text] = {"stepDefinitionIds": ids, "stepMatchArgumentsLists": arguments}

    def _definition(self, definition_id: str, step: Any, match: Any) -> StepDefinition:
        definition = self._registry.find_step_definition(step)
        kinds = StepDefinitionPatternType
        is_regular = type(definition).__name__.startswith("Regex")
        kind = kinds.regular_expression if is_regular else kinds.cucumber_expression
        return StepDefinition(
            id=definition_id,
            pattern=StepDefinitionPattern(source=str(definition.pattern), type=kind),
            source_reference=place_of(match.func),
        )


def _place(match: Any) -> tuple[str, str]:
    return str(match.location), getattr(match.func, "__qualname__", "")
