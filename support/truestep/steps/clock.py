"""Steps about time: what would have expired by then, has, and nobody waits for it."""

from __future__ import annotations

from datetime import timedelta

from behave import given, when
from behave.runner import Context

from truestep.steps import durations  # noqa: F401  # registers the type Duration


@given("{by:Duration} has passed")
@given("{by:Duration} have passed")
@when("{by:Duration} passes")
@when("{by:Duration} pass")
def time_passes(context: Context, by: timedelta) -> None:
    """Moves time for every service of the scenario that has expiries; takes milliseconds."""
    context.clock.advance(by)


@given("{by:Duration} has passed in {service:w}")
@given("{by:Duration} have passed in {service:w}")
@when("{by:Duration} passes in {service:w}")
@when("{by:Duration} pass in {service:w}")
def time_passes_in(context: Context, by: timedelta, service: str) -> None:
    """Moves time for one service, by its name: `redis`."""
    context.clock.advance(by, service=service)
