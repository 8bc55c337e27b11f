"""The commands of `python -m truestep`: doctor, steps, settings, report, summary."""

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
    latest = Path("reports/latest")
    report = commands.add_parser("report", help="makes the report of a run again, or of several")
    report.add_argument(
        "folders",
        type=Path,
        nargs="*",
        default=[latest],
        metavar="FOLDER",
        help=f"run directories, {latest} when none is named; several become one report",
    )
    report.add_argument("--into", type=Path, help="where it goes; for one run, into its directory")
    summary = commands.add_parser("summary", help="prints the result of a run as Markdown")
    summary.add_argument("folder", type=Path, nargs="?", default=latest, help="a run directory")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "doctor":
            return _doctor()
        if chosen.command == "steps":
            return _steps()
        if chosen.command == "settings":
            return _settings()
        if chosen.command == "report":
            return _report(chosen.folders, chosen.into)
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


def _report(folders: list[Path], into: Path | None) -> int:
    from truestep.report.html import PAGE
    from truestep.report.publish import report
    from truestep.report.reading import resolve
    from truestep.report.wording import headline

    # `report merge A B` says what `report A B` does.
    if len(folders) > 1 and folders[0] == Path("merge"):
        folders = folders[1:]
    if into is None and len(folders) > 1:
        raise TruestepError(
            "several runs become one report, and it has no place yet",
            seen=f"{len(folders)} run directories",
            looked="the command line",
            remedy="name a folder for it: --into reports/merged",
        )
    place = into or resolve(folders[0])
    run = report(folders, place)
    sys.stdout.write(f"{headline(run)}\n  report     {place / PAGE}\n")
    return 0


def _summary(folder: Path) -> int:
    from truestep.report.reading import read_run
    from truestep.report.summary import markdown

    sys.stdout.write(markdown(read_run(folder)))
    return 0
