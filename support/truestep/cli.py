"""The commands of `python -m truestep`, each imported when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truestep.console import Console
from truestep.errors import TruestepError

if TYPE_CHECKING:
    from truestep.settings import Settings

_MERGED = Path("reports/merged")
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code.

    That is 0 when all is well, 1 when not, 2 for misuse, and 130 after Ctrl-C, as in a shell.
    """
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except TruestepError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("truestep: interrupted\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m truestep", description="Looks after what `behave` runs with."
    )
    commands = parser.add_subparsers(required=True)

    def add(name: str, run: Callable[[Any], int], what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what)
        command.set_defaults(run=run)
        return command

    doctor = add("doctor", _doctor, "says what each service would run on here, and why")
    _add_defines(doctor)
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
    report = add(
        "report",
        _report,
        "makes the report of a run again; `report merge FOLDER...` one of several runs",
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
    summary = add("summary", _summary, "prints the result of a run as Markdown")
    summary.add_argument("folder", type=Path, nargs="?", default=latest, help="a run directory")
    return parser


def _doctor(chosen: Any) -> int:
    from truestep.doctor import examine

    return examine(_project_settings(chosen), Path.cwd(), Console(sys.stdout))


def _cache(chosen: Any) -> int:
    from truestep.housekeeping import clear_cache, list_cache

    settings = _project_settings(chosen)
    (clear_cache if chosen.act == "clear" else list_cache)(settings, Console(sys.stdout))
    return 0


def _up(chosen: Any) -> int:
    from truestep.keeping.commands import up

    up(chosen.names, _project_settings(chosen), Path.cwd(), Console(sys.stdout))
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


def _project_settings(chosen: Any) -> Settings:
    """Returns the settings that `behave` in this folder with the same `-D` would have."""
    from behave.configuration import load_configuration
    from behave.userdata import parse_user_define

    from truestep.project import project_settings

    # Of what it reads only [behave.userdata] is of interest.
    configured: dict[str, Any] = {}
    load_configuration(configured)
    userdata = dict(configured.get("userdata", {}))
    userdata |= dict(parse_user_define(define) for define in chosen.define)
    return project_settings(Path.cwd(), os.environ, userdata)


def _steps(_: Any) -> int:
    from truestep.catalog import steps_as_markdown

    sys.stdout.write(steps_as_markdown())
    return 0


def _settings(_: Any) -> int:
    from truestep.catalog import settings_as_markdown

    sys.stdout.write(settings_as_markdown())
    return 0


def _report(chosen: Any) -> int:
    from truestep.report.layout import PAGE
    from truestep.report.publish import report
    from truestep.report.reading import resolve
    from truestep.report.wording import headline

    folders, into = chosen.folders, chosen.into
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
    from truestep.report.layout import PAGE
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


def _summary(chosen: Any) -> int:
    from truestep.report.reading import read_run
    from truestep.report.summary import markdown

    sys.stdout.write(markdown(read_run(chosen.folder)))
    return 0
