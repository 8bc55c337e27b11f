"""Makes every report of a run: at its end, and later from its directory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from truestep.errors import TruestepError, file_trouble
from truestep.report.annotations import error_commands
from truestep.report.files import write_private
from truestep.report.history import (
    HISTORY,
    History,
    read_history,
    remember,
    write_history,
)
from truestep.report.html import render
from truestep.report.junit import write_junit
from truestep.report.layout import EVIDENCE, PAGE
from truestep.report.reading import read_run, resolve
from truestep.report.run import Run
from truestep.report.summary import markdown

_JUNIT = "junit"


@dataclass(frozen=True)
class Published:
    """What was made of a run.

    `commands` is what GitHub reads from standard output; `warnings` says what could not be
    written, and what to do.
    """

    commands: tuple[str, ...]
    warnings: tuple[str, ...]


def publish(
    folder: Path,
    *,
    environment: Mapping[str, str],
    junit: Path | None = None,
    cache: Path | None = None,
) -> Published:
    """Makes the reports of the run that has just ended: page, JUnit, history, CI's summary.

    Nothing that goes wrong here is raised: a report never changes what a run comes to.

    Args:
        folder: the run directory, `reports/<run id>`.
        environment: of the process; says whether this is GitHub, and where its summary goes.
        junit: the folder of JUnit files; without it, the one beside the run directory.
        cache: the folder that is kept between runs; without one the page takes longer.
    """
    warnings: list[str] = []
    try:
        run = read_run(folder)
    except Exception as error:  # noqa: BLE001  # see above
        return Published((), (_warning("no report was made", error, folder),))
    history = History()

    def keep_history() -> None:
        nonlocal history
        history = remember(run, folder.parent / HISTORY)
        # The directory alone is enough to make its report again, also elsewhere.
        write_history(history, folder / HISTORY)

    def write_page() -> None:
        page = render(run, history, cache=cache)
        write_private(folder / PAGE, page.encode("utf-8", "replace"))

    def summarize() -> None:
        with Path(environment["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(markdown(run))

    is_github = bool(environment.get("GITHUB_ACTIONS"))
    parts: dict[str, Callable[[], None]] = {
        "the history of runs": keep_history,
        "the page": write_page,
        "the JUnit files": lambda: write_junit(run, junit or folder.parent / _JUNIT),
    }
    if is_github and environment.get("GITHUB_STEP_SUMMARY"):
        parts["the job's summary"] = summarize
    for name, make in parts.items():
        try:
            make()
        except Exception as error:  # noqa: BLE001  # see above
            warnings.append(_warning(f"{name} could not be written", error, folder))
    return Published(tuple(error_commands(run)) if is_github else (), tuple(warnings))


def report(folder: Path, into: Path) -> Run:
    """Makes page and JUnit files in `into` from a run directory.

    Raises:
        TruestepError: the directory cannot be read, or `into` not be written.
    """
    folder = resolve(folder)
    run = read_run(folder, place_of_evidence(folder, into))
    write_report(run, read_history(folder / HISTORY), [folder], into)
    return run


def write_report(run: Run, history: History, folders: Sequence[Path], into: Path) -> None:
    """Writes page and JUnit files into `into`, and what they link to.

    Args:
        run: what they tell of.
        history: the runs before it, and the run itself.
        folders: the run directories that it was read from.
        into: the folder; it is made.

    Raises:
        TruestepError: it cannot be written.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        for folder in folders:
            place = place_of_evidence(folder, into)
            if place != EVIDENCE and (folder / EVIDENCE).is_dir():
                shutil.copytree(folder / EVIDENCE, into / place, dirs_exist_ok=True)
        write_private(into / PAGE, render(run, history).encode("utf-8", "replace"))
        write_junit(run, into / _JUNIT)
    except OSError as error:
        raise TruestepError(
            "the report could not be written",
            seen=file_trouble(error),
            looked=str(error.filename or into),
            remedy="make room, or name another folder with --into",
        ) from None


def place_of_evidence(folder: Path, into: Path) -> str:
    """Returns where a run's files of evidence are, from a report in `into`."""
    # They are called alike in every run.
    return EVIDENCE if into.resolve() == folder else f"{EVIDENCE}/{folder.name}"


def _warning(what: str, error: Exception, folder: Path) -> str:
    if isinstance(error, OSError):
        seen, looked = file_trouble(error), error.filename or folder
        remedy = "make room or give permission there, then: python -m truestep report"
    else:
        seen, looked = f"{type(error).__name__}: {error}", folder
        remedy = "report this as a bug of Truestep, with that folder"
    return (
        f"truestep: WARNING: {what}, and the run's result does not change: {seen}\n"
        f"  Looked at: {looked}\n"
        f"  Try: {remedy}"
    )
