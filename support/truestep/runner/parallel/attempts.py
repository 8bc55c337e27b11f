"""How often each scenario is tried, and what its attempts come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from truestep.runner.outcomes import Outcome, Status
from truestep.runner.parallel.wire import Result


class Attempts:
    """The attempts at the scenarios of a run.

    Args:
        retries: how often one that failed is tried again.
        repeat: how often each one is run, whatever comes of it; at least 1.
    """

    def __init__(self, *, retries: int, repeat: int) -> None:
        self._retries = retries
        self._repeat = repeat
        self._given: Counter[int] = Counter()
        self._results: defaultdict[int, list[Result]] = defaultdict(list)

    def next(self, position: int) -> int:
        """Returns the number of the attempt that is made now, from 0 on."""
        self._given[position] += 1
        return self._given[position] - 1

    def ended(self, position: int, result: Result) -> Result | None:
        """Takes the result of an attempt; returns that of the scenario, if it was the last one."""
        results = self._results[position]
        results.append(result)
        failed_too_often = not result.outcome.failed or len(results) > self._retries
        is_last = len(results) >= self._repeat if self._repeat > 1 else failed_too_often
        return self.outcome(position) if is_last else None

    def outcome(self, position: int) -> Result | None:
        """Returns what the attempts so far come to; None when there was none."""
        results = self._results[position]
        if not results:
            return None
        failed = [one for one in results if one.outcome.failed]
        if not failed:
            return results[-1]
        if self._repeat > 1:
            count = f"failed {len(failed)} of {len(results)}"
            told = f"{count}: {failed[0].outcome.what}".removesuffix(": ")
            return replace(failed[0], outcome=replace(failed[0].outcome, what=told))
        if results[-1].outcome.failed:
            return results[-1]
        return replace(results[-1], outcome=Outcome(Status.FLAKY, failed[0].outcome.what))
