"""behave's hooks. `from truestep.hooks import *` in an environment.py is all it takes.

A project with hooks of its own calls these from them: first in each `before_…`, last in `after_…`.
"""

from __future__ import annotations

from behave.model import Feature, Scenario, Step
from behave.runner import Context

from truestep.session import Session

__all__ = ["after_scenario", "after_step", "before_all", "before_feature", "before_scenario"]


def before_all(context: Context) -> None:
    """Reads settings and tags, refuses bad input, starts what the run needs."""
    context.truestep = Session(context)
    context.add_cleanup(context.truestep.close)
    context.truestep.open(context)
    if not context.truestep.is_needed():
        _take_out(context)


def before_feature(context: Context, feature: Feature) -> None:
    """Starts services that live as long as the feature."""
    context.truestep.before_feature(context, feature)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Gives the scenario its clients: `context.postgres`, `context.redis`, `context.kafka`."""
    context.truestep.before_scenario(context, scenario)


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Shows what the application under test logged during a scenario that failed."""
    context.truestep.after_scenario(context, scenario)


def after_step(context: Context, step: Step) -> None:
    """Says so when a step failed because a server died."""
    context.truestep.after_step(context, step)


def _take_out(context: Context) -> None:
    """Takes our other hooks out of a run in which no scenario asks for a service.

    behave captures the output around each hook that it has; for hooks that would do nothing that
    is all they cost, and more than a short scenario does.
    """
    hooks = context._runner.hooks  # noqa: SLF001  # as Session: there is no other way to it
    for name in __all__:
        if name != "before_all" and hooks.get(name) is globals()[name]:
            del hooks[name]
