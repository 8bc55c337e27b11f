"""Where code is written, by paths that are the same on every machine."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from cucumber_messages import Location, SourceReference


def place_of(function: Any) -> SourceReference:
    """Returns where a hook or a step definition is written."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None:
        return SourceReference(uri="environment.py")
    place = Location(line=code.co_firstlineno)
    return SourceReference(uri=portable(code.co_filename), location=place)


@cache
def portable(path: str) -> str:
    """Returns a path from the project's folder, or from the place that a package lives in."""
    full = Path(path).absolute()
    folders = [Path(folder).absolute() for folder in sys.path if folder]
    # A virtual environment is often inside of the project.
    inside = [folder for folder in folders if "site-packages" in folder.parts]
    for folder in (*inside, Path.cwd(), *folders):
        if full.is_relative_to(folder):
            return full.relative_to(folder).as_posix()
    return full.name
