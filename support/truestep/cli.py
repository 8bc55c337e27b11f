"""The commands of `python -m truestep`: doctor, steps, settings, summary."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from truestep.console import Console
from truestep.errors import TruestepError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 when all is well, 1 when not, 2 for misuse."""
    parser = argparse.ArgumentParser(
        prog="python -m truestep", description="Looks after what `behave` runs with."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="says what each service would run on here, and why")
    commands.add_parser("steps", help="lists the ready-made steps, as Markdown")
    commands.add_parser("settings", help="lists the settings, as Markdown")
    summary = commands.add_parser("summary", help="prints JUnit results as Markdown")
    summary.add_argument("folder", type=Path, help="the folder of the JUnit files")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "doctor":
            return _doctor()
        if chosen.command == "steps":
            return _steps()
        if chosen.command == "settings":
            return _settings()
        return _summary(chosen.folder)
    except TruestepError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _doctor() -> int:
    from truestep.doctor import examine

    return examine(Path.cwd(), os.environ, Console(sys.stdout))


def _steps() -> int:
    from truestep.catalog import steps_as_markdown

    sys.stdout.write(steps_as_markdown())
    return 0


def _settings() -> int:
    from truestep.catalog import settings_as_markdown

    sys.stdout.write(settings_as_markdown())
    return 0


def _summary(folder: Path) -> int:
    from truestep.report.summary import markdown

    sys.stdout.write(markdown(folder))
    return 0
