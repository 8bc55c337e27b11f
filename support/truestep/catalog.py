"""The ready-made steps, as a user would look them up."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from behave.step_registry import registry

import truestep.steps


def ready_made_steps() -> dict[str, list[str]]:
    """Returns module name -> its steps, each as `Given the key "{key}" exists`."""
    for module in pkgutil.iter_modules(truestep.steps.__path__):
        import_module(f"truestep.steps.{module.name}")
    found: dict[str, list[str]] = {}
    for step_type, definitions in registry.steps.items():
        keyword = "Given, When or Then" if step_type == "step" else step_type.capitalize()
        for definition in definitions:
            module = definition.func.__module__
            if module.startswith("truestep.steps."):
                found.setdefault(module, []).append(f"{keyword} {definition.pattern}")
    return found
