"""`report merge`: the run directories of several jobs become one report, and one exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from truestep.errors import TruestepError, file_trouble
from truestep.report.attempt import Problem
from truestep.report.history import HISTORY, History, as_one, merged_histories, read_history
from truestep.report.history import write_history as keep
from truestep.report.merging import merged
from truestep.report.outcome import Outcome
from truestep.report.publish import place_of_evidence, write_report
from truestep.report.reading import read_run, resolve
from truestep.report.run import Run, RunProblem
from truestep.report.shards import checked
from truestep.report.summary import markdown

_WHERE = "the merged runs"


class Combined(NamedTuple):
    """What came of it: the whole run, and what is wrong with it as a whole."""

    run: Run
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when every part got to its end and passed, and no part is missing; else 1."""
        is_good = all(about.is_good for about in self.run.about)
        return 0 if is_good and not self.problems else 1


def combine(folders: Sequence[Path], into: Path, environment: Mapping[str, str]) -> Combined:
    """Makes page and JUnit files in `into` from several run directories.

    What is missing is told in the report, which is made in any case.

    Args:
        folders: the run directories.
        into: where the report goes; it is made.
        environment: of the process; says whether this is GitHub, and where its summary goes.

    Raises:
        TruestepError: no directory can be read, or `into` not be written.
    """
    sources: dict[str, Path] = {}
    runs: list[Run] = []
    unread: list[TruestepError] = []
    for folder in map(resolve, folders):
        try:
            run = read_run(folder, place_of_evidence(folder, into))
        except TruestepError as error:
            unread.append(error)
        else:
            runs.append(run)
            sources[run.about[0].run_id] = folder
    if not runs:
        raise unread[0]
    kept, problems = checked(runs)
    problems += tuple(f"{error.what}: {error.looked}: {error.seen}" for error in unread)
    whole = _with_problems(merged(kept), problems)
    read_from = [sources[about.run_id] for about in whole.about]
    history = _history(whole, read_from, into)
    write_report(whole, history, read_from, into)
    try:
        keep(history, into / HISTORY)
        _merge_timings(read_from, into)
        if environment.get("GITHUB_ACTIONS") and environment.get("GITHUB_STEP_SUMMARY"):
            with Path(environment["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
                file.write(markdown(whole))
    except OSError as error:
        raise TruestepError(
            "the report was made, and not all that belongs to it",
            seen=file_trouble(error),
            looked=str(error.filename or into),
            remedy="make room or give permission there, and merge again",
        ) from None
    return Combined(whole, problems)


def _merge_timings(folders: Sequence[Path], into: Path) -> None:
    """Puts together what shards have remembered, each for its part."""
    # Late: it comes with the runner, and with behave.
    from truestep.runner.timings import TIMINGS, Timings

    files = [file for folder in folders if (file := folder / TIMINGS).is_file()]
    if files:
        Timings.merge(files).write(into / TIMINGS)


def _with_problems(run: Run, problems: Sequence[str]) -> Run:
    told = (RunProblem(_WHERE, Outcome.ERROR, Problem("", problem)) for problem in problems)
    return replace(run, problems=(*run.problems, *told))


def _history(run: Run, folders: Sequence[Path], into: Path) -> History:
    """What came before: as the runs have kept it, and as the report has that was there."""
    known = merged_histories(read_history(folder / HISTORY) for folder in (*folders, into))
    if not all(about.shard for about in run.about):
        return known
    parts = {about.run_id for about in run.about}
    others = tuple(past for past in known.runs if past.run_id not in parts)
    return merged_histories([History((*others, as_one(run)))])
