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
from truestep.signals import Interruptions


def load() -> None:
    """Loads what makes the reports: a tenth of a second less at the end."""
    import_module("truestep.report.publish")


def load_beside() -> None:
    """As `load`, in a thread of its own, for who has nothing to do but to wait."""
    Thread(target=load, daemon=True, name="load the report").start()


def publish_record(
    record: RunRecord, console: Console, project: ProjectSettings, junit: Path
) -> bool:
    """Makes the reports of a record, unless a signal ends that; returns whether they are made.

    Args:
        record: of a run that has ended.
        console: where warnings go.
        project: its settings.
        junit: the folder of JUnit files.
    """
    if not record.is_complete:
        return True
    interruptions = Interruptions(lambda _: None)
    try:
        with interruptions.handled():
            interruptions.allow()
            _publish(record, console, project, junit)
    except KeyboardInterrupt:
        console.say(
            "truestep: WARNING: the report of this run is not complete: it was being made when "
            f"{interruptions.received} came\n"
            f"  Looked at: {record.folder}\n"
            "  Try: python -m truestep report"
        )
        return False
    return True


def summarize(record: RunRecord, project: ProjectSettings) -> None:
    """Writes what failed, and where to look."""
    Summary(sys.stdout, os.environ, project.services).write(record)


def _publish(record: RunRecord, console: Console, project: ProjectSettings, junit: Path) -> None:
    with uncollected():
        # Late: what makes the page need not be loaded before the first scenario.
        from truestep.report.publish import publish

        published = publish(record.folder, environment=os.environ, junit=junit, cache=project.cache)
    for warning in published.warnings:
        console.say(warning)
    for command in published.commands:
        print(command)  # noqa: T201  # where GitHub reads it
