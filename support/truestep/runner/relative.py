"""Relative paths, which behave works out anew for each scenario and each step, remembered."""

from __future__ import annotations

import os
from functools import cache, wraps

from behave import model_core, model_type

_relative = cache(model_type.make_relpath_if_possible)


@wraps(model_type.make_relpath_if_possible)
def _remembered(filename: str, base_directory: str | None = None) -> str:
    here = base_directory or os.getcwd()  # noqa: PTH109  # it is asked for once for each step
    return str(_relative(filename, here))


def remember_relative_paths() -> None:
    """Lets behave look up what it asks for again: a tenth of the time of a short scenario."""
    # What it returns depends on these two paths only.
    model_core.make_relpath_if_possible = _remembered
    model_type.make_relpath_if_possible = _remembered
