"""The commands of `python -m truestep`, each imported when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from truestep.console import Console
from truestep.errors import TruestepError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 when all is well, 1 when not, 2 for misuse."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except TruestepError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m truestep", description="Looks after what `behave` runs with."
    )
    commands = parser.add_subparsers(required=True)

    def add(name: str, run: Callable[[Any], int], what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what)
        command.set_defaults(run=run)
        return command

    add("doctor", _doctor, "says what each service would run on here, and why")
    kept = add("cache", _cache, "lists what is kept between runs, or removes it")
    kept.add_argument("act", nargs="?", choices=("list", "clear"), default="list")
    _add_defines(kept)
    start = add("up", _up, "starts services that stay, for the next runs in this folder")
    start.add_argument("names", nargs="*", metavar="SERVICE", help="all when none is named")
    _add_defines(start)
    stop = add("down", _down, "stops services that were kept for this folder")
    stop.add_argument("names", nargs="*", metavar="SERVICE", help="all when none is named")
    add("steps", _steps, "lists the ready-made steps, as Markdown")
    add("settings", _settings, "lists the settings, as Markdown")
    latest = Path("reports/latest")
    report = add("report", _report, "makes the report of a run again, or of several")
    report.add_argument(
        "folders",
        type=Path,
        nargs="*",
        default=[latest],
        metavar="FOLDER",
        help=f"run directories, {latest} when none is named; several become one report",
    )
    report.add_argument("--into", type=Path, help="where it goes; for one run, into its directory")
    summary = add("summary", _summary, "prints the result of a run as Markdown")
    summary.add_argument("folder", type=Path, nargs="?", default=latest, help="a run directory")
    return parser


def _doctor(_: Any) -> int:
    from truestep.doctor import examine

    return examine(Path.cwd(), os.environ, Console(sys.stdout))


def _cache(chosen: Any) -> int:
    from truestep.housekeeping import clear_cache, list_cache, project_settings

    settings = project_settings(Path.cwd(), os.environ, _userdata(chosen.define))
    (clear_cache if chosen.act == "clear" else list_cache)(settings, Console(sys.stdout))
    return 0


def _up(chosen: Any) -> int:
    from truestep.housekeeping import project_settings
    from truestep.keeping.commands import up

    settings = project_settings(Path.cwd(), os.environ, _userdata(chosen.define))
    up(chosen.names, settings, Path.cwd(), Console(sys.stdout))
    return 0


def _down(chosen: Any) -> int:
    from truestep.keeping.commands import down

    down(chosen.names, Path.cwd(), Console(sys.stdout))
    return 0


def _add_defines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-D",
        "--define",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, as `behave` takes it",
    )


def _userdata(defines: Sequence[str]) -> dict[str, str]:
    from behave.userdata import parse_user_define

    return dict(parse_user_define(define) for define in defines)


def _steps(_: Any) -> int:
    from truestep.catalog import steps_as_markdown

    sys.stdout.write(steps_as_markdown())
    return 0


def _settings(_: Any) -> int:
    from truestep.catalog import settings_as_markdown

    sys.stdout.write(settings_as_markdown())
    return 0


def _report(chosen: Any) -> int:
    from truestep.report.html import PAGE
    from truestep.report.publish import report
    from truestep.report.reading import resolve
    from truestep.report.wording import headline

    folders, into = chosen.folders, chosen.into
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


def _summary(chosen: Any) -> int:
    from truestep.report.reading import read_run
    from truestep.report.summary import markdown

    sys.stdout.write(markdown(read_run(chosen.folder)))
    return 0
