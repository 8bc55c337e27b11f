"""Where the JUnit files of a run go; they are made when it has ended."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from truestep.report.layout import JUNIT_PREFIX

_OF_BEHAVE = "reports"
_PATTERN = f"{JUNIT_PREFIX}*.xml"


def junit_folder(config: Any, reports: Path) -> Path:
    """Returns the folder that behave's `--junit-directory` names, else `junit` in `reports`."""
    named = str(config.junit_directory)
    return reports / "junit" if named == _OF_BEHAVE else Path(named)


def forget_junit(folder: Path) -> None:
    """Removes the files of an earlier run: nobody takes them for those of a run that was killed."""
    # Where none can be removed none can be written either, and that is told at the end.
    with suppress(OSError):
        for file in folder.glob(_PATTERN):
            file.unlink()
