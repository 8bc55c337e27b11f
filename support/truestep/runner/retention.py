"""The reports of old runs are removed, so that they do not fill the disk."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from pathlib import Path

from truestep.console import Console
from truestep.errors import file_trouble
from truestep.report.layout import MESSAGES

_RUN_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-f]{4}")


def remove_old_runs(newest: Path, keep: int, console: Console) -> None:
    """Removes the folders of runs that are older than the newest ones, but for those that go on.

    What cannot be removed stays, with a warning.

    Args:
        newest: the folder of the run that begins; it counts as one of those that stay.
        keep: how many stay.
        console: where the warning goes.
    """
    try:
        runs = sorted(path for path in newest.parent.iterdir() if _RUN_ID.fullmatch(path.name))
        for folder in runs[:-keep]:
            if folder != newest and not _goes_on(folder):
                _remove(folder)
    except OSError as error:
        console.say(
            "truestep: WARNING: the report of an old run could not be removed: "
            f"{file_trouble(error)}\n"
            f"  Looked at: {error.filename or newest.parent}\n"
            "  Try: remove it yourself, or keep more: -D keep_runs=1000"
        )


def _goes_on(folder: Path) -> bool:
    """Whether a process still holds the lock that a run has on its messages, or none can."""
    try:
        messages = os.open(folder / MESSAGES, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(messages, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(messages)
    return False


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        # Another run that began at the same moment removes it, too.
        return
