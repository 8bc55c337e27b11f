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
