"""Runs that were parts of one: whether all of them are there, and belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from truestep.report.run import Run


class Checked(NamedTuple):
    """The runs that count, and what is wrong with them as a whole, in a sentence each."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]


def checked(runs: Sequence[Run]) -> Checked:
    """Returns the runs that count: each once, and of a shard that was run again the newest.

    Args:
        runs: of one run directory each; with shards or without.
    """
    newest: dict[object, Run] = {}
    for run in sorted(runs, key=lambda run: str(run.about[0].started)):
        about = run.about[0]
        newest[about.shard or about.run_id] = run
    kept = tuple(newest.values())
    return Checked(kept, tuple(_problems(kept)))


def _problems(runs: Sequence[Run]) -> Iterator[str]:
    shards = [run.about[0].shard for run in runs]
    if not any(shards):
        return
    whole = [run.about[0].run_id for run in runs if run.about[0].shard is None]
    if whole:
        yield f"{', '.join(whole)} is no shard, and others are"
    plans: dict[tuple[int, str], list[str]] = {}
    for run in runs:
        shard = run.about[0].shard
        if shard:
            told = f"{shard.index}/{shard.total} ({run.about[0].run_id})"
            plans.setdefault((shard.total, shard.plan), []).append(told)
    if len(plans) > 1:
        parts = " and ".join(", ".join(told) for told in plans.values())
        yield f"the shards do not belong together, as they were split differently: {parts}"
    for total, plan in plans:
        there = {one.index for one in shards if one and (one.total, one.plan) == (total, plan)}
        missing = sorted(set(range(1, total + 1)) - there)
        if missing:
            which = f"{'shard' if len(missing) == 1 else 'shards'} {', '.join(map(str, missing))}"
            yield f"{which} of {total} {'is' if len(missing) == 1 else 'are'} missing"
