"""How often each scenario is tried, and what its attempts come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from truestep.runner.outcomes import of_attempts
from truestep.runner.parallel.wire import Result


class Attempts:
    """The attempts at the scenarios of a run.

    Args:
        retries: how often one that failed is tried again.
        repeat: how often each one is run, whatever comes of it; at least 1.
    """

    def __init__(self, *, retries: int, repeat: int) -> None:
        self._retries = retries
        self.repeat = repeat
        self._given: Counter[int] = Counter()
        self._results: defaultdict[int, list[Result]] = defaultdict(list)

    def next(self, position: int) -> int:
        """Returns the number of the attempt that is made now, from 0 on."""
        self._given[position] += 1
        return self._given[position] - 1

    def ended(self, position: int, result: Result) -> bool:
        """Takes the result of an attempt; tells whether it was the last one."""
        results = self._results[position]
        results.append(result)
        if self.repeat > 1:
            return len(results) >= self.repeat
        return not result.outcome.failed or len(results) > self._retries

    def result(self, position: int) -> Result | None:
        """Returns what the attempts so far come to; None when there was none."""
        results = self._results[position]
        if not results:
            return None
        outcome = of_attempts([one.outcome for one in results], repeated=self.repeat > 1)
        failed = [one for one in results if one.outcome.failed]
        shown = failed[0] if outcome.failed and failed else results[-1]
        return replace(shown, outcome=outcome)
