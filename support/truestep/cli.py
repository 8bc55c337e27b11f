"""The commands of `python -m truestep`: doctor, steps, settings, report, summary."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from truestep.console import Console
from truestep.errors import TruestepError

_MERGED = Path("reports/merged")


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
    report = commands.add_parser(
        "report",
        help="makes the report of a run again; `report merge FOLDER...` one of several runs",
    )
    report.add_argument(
        "folders",
        type=Path,
        nargs="*",
        default=[latest],
        metavar="[merge] FOLDER",
        help=f"a run directory, {latest} when none is named; after `merge` those of several runs, "
        "such as the shards of one: they become one report and one exit code",
    )
    report.add_argument(
        "--into", type=Path, help=f"where it goes: into the run's directory, or {_MERGED}"
    )
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

    if folders[0] == Path("merge"):
        return _merge(folders[1:], into or _MERGED)
    if len(folders) > 1:
        raise TruestepError(
            "one report can be made again at a time",
            seen=f"{len(folders)} run directories",
            looked="the command line",
            remedy="to make one report of them: python -m truestep report merge FOLDER...",
        )
    place = into or resolve(folders[0])
    run = report(folders[0], place)
    sys.stdout.write(f"{headline(run)}\n  report     {place / PAGE}\n")
    return 0


def _merge(folders: list[Path], into: Path) -> int:
    from truestep.report.combining import combine
    from truestep.report.html import PAGE
    from truestep.report.wording import headline

    if not folders:
        raise TruestepError(
            "there is nothing to merge",
            seen="no run directory",
            looked="the command line",
            remedy="name them: python -m truestep report merge shards/*/reports/latest",
        )
    combined = combine(folders, into, os.environ)
    sys.stdout.write(f"{headline(combined.run)}\n  report     {into / PAGE}\n")
    for problem in combined.problems:
        error = TruestepError(
            "not all of the run is there",
            seen=problem,
            looked=", ".join(map(str, folders)),
            remedy="run what is missing again, and merge all of it",
        )
        sys.stderr.write(f"{error}\n")
    return combined.exit_code


def _summary(folder: Path) -> int:
    from truestep.report.reading import read_run
    from truestep.report.summary import markdown

    sys.stdout.write(markdown(read_run(folder)))
    return 0
