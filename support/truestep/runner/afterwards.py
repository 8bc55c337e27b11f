"""What is made of a run's record when the run has ended, and what the console says of it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Collection
from pathlib import Path

from truestep.console import Console
from truestep.runner.record import RunRecord
from truestep.runner.summary import Summary


def tell(record: RunRecord, console: Console, services: Collection[str], junit: Path) -> None:
    """Makes the reports of a finished record, and writes the summary.

    Args:
        record: of the run.
        console: where warnings go.
        services: the tags that stand for services.
        junit: the folder of JUnit files.
    """
    if record.is_complete:
        # Late: what makes the page need not be loaded before the first scenario.
        from truestep.report.publish import publish

        # All that is read now is needed until the page is written: nothing to collect.
        gc.disable()
        published = publish(record.folder, environment=os.environ, junit=junit)
        gc.enable()
        for warning in published.warnings:
            console.say(warning)
        for command in published.commands:
            print(command)  # noqa: T201  # where GitHub reads it
    Summary(sys.stdout, os.environ, services).write(record)
