"""What behave works out anew for each scenario and each step, remembered."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from behave import model_core, model_type
from behave.matchers import Match
from behave.model_type import Status

_relative = cache(model_type.make_relpath_if_possible)
_make_location = Match.make_location


@wraps(model_type.make_relpath_if_possible)
def _relative_path(filename: str, base_directory: str | None = None) -> str:
    here = base_directory or os.getcwd()  # noqa: PTH109  # it is asked for once for each step
    return str(_relative(filename, here))


@cache
def _place(function: Callable[..., Any], _here: str) -> Any:
    return _make_location(function)


@wraps(_make_location)
def _place_of_step(function: Callable[..., Any]) -> Any:
    # It is told as it is seen from the current folder.
    return _place(function, os.getcwd())  # noqa: PTH109  # as above


def _answered(ask: Callable[[Status], bool]) -> Callable[[Status], bool]:
    answers = {id(status): ask(status) for status in Status}

    @wraps(ask)
    def answer(status: Status) -> bool:
        return answers[id(status)]

    return answer


_ANSWERS = {
    name: _answered(getattr(Status, name))
    for name in ("has_failed", "is_error", "is_failure", "is_final", "is_hook_error", "is_untested")
}


def _equals(status: Status, other: object) -> bool:
    if status is other:
        return True
    if isinstance(other, str):
        return bool(status.name == other)
    return False if other.__class__ is Status else NotImplemented


def remember() -> None:
    """Lets behave look up what it asks for again: a third of the time of a short scenario."""
    model_core.make_relpath_if_possible = _relative_path
    model_type.make_relpath_if_possible = _relative_path
    Match.make_location = staticmethod(_place_of_step)
    # For each question behave compares a status with up to twelve others; of two that differ it
    # asks both.
    for name, answer in _ANSWERS.items():
        setattr(Status, name, answer)
    Status.__eq__ = _equals
