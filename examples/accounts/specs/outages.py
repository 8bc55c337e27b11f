"""Taking away what the service stands on, for a while."""

from __future__ import annotations

from behave.runner import Context

from truestep.errors import CannotPauseError


def take_away(context: Context, dependency: str) -> None:
    """Lets a dependency answer nobody until `bring_back`, or until the scenario ends.

    A scenario whose dependencies somebody else runs is skipped, and says why.
    """
    try:
        context.scope.pause(dependency)
    except CannotPauseError as error:
        context.truestep.skip(context.scenario, str(error))


def bring_back(context: Context, dependency: str) -> None:
    """Lets a dependency go on where it was."""
    context.scope.resume(dependency)
