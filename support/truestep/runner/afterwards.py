"""What is made of a run's record when the run has ended, and what the console says of it."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from threading import Thread

from truestep.collector import uncollected
from truestep.console import Console
from truestep.runner.project import ProjectSettings
from truestep.runner.record import RunRecord
from truestep.runner.summary import Summary

_PUBLISH = "truestep.report.publish"


def load_early() -> None:
    """Loads what makes the page, while there is nothing to do but to wait; `tell` needs it."""
    loading = Thread(target=import_module, args=(_PUBLISH,), daemon=True, name="load the report")
    loading.start()


def tell(record: RunRecord, console: Console, project: ProjectSettings, junit: Path) -> None:
    """Makes the reports of a finished record, and writes the summary.

    Args:
        record: of the run.
        console: where warnings go.
        project: its settings.
        junit: the folder of JUnit files.
    """
    if record.is_complete:
        # Late: what makes the page need not be loaded before the first scenario.
        from truestep.report.publish import publish

        with uncollected():
            published = publish(
                record.folder, environment=os.environ, junit=junit, cache=project.cache
            )
        for warning in published.warnings:
            console.say(warning)
        for command in published.commands:
            print(command)  # noqa: T201  # where GitHub reads it
    Summary(sys.stdout, os.environ, project.services).write(record)
