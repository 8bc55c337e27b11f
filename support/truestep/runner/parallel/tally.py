"""What became of the scenarios of a run, so far."""

from __future__ import annotations

from collections.abc import Iterable

from truestep.runner.parallel.attempts import Attempts
from truestep.runner.parallel.wire import Result


class Tally:
    """The results of a run's scenarios, by their positions.

    `results` are final, `took_s` the seconds of each; `not_run` are those that will have none.

    Args:
        count: how many scenarios there are.
        attempts: how often each is tried.
    """

    def __init__(self, count: int, attempts: Attempts) -> None:
        self.attempts = attempts
        self.results: dict[int, Result] = {}
        self.took_s: dict[int, float] = {}
        self.not_run: set[int] = set()
        self._all = frozenset(range(count))

    def is_known(self, position: int) -> bool:
        """Tells whether it is known what became of a scenario."""
        return position in self.results or position in self.not_run

    def unknown(self) -> frozenset[int]:
        """Returns the scenarios of which that is not known yet."""
        return self._all.difference(self.results, self.not_run)

    def attempt_ended(self, position: int, result: Result, *, is_ending: bool) -> bool:
        """Takes the result of an attempt; tells whether another one is to follow.

        Args:
            position: the scenario's.
            result: of the attempt.
            is_ending: whether nothing more begins.
        """
        follows = not self.attempts.ended(position, result) and not is_ending
        final = self.attempts.result(position)
        if not follows and final is not None:
            self.results[position] = final
        return follows

    def give_up(self, positions: Iterable[int]) -> None:
        """No further attempt is made at these: what there was of them counts."""
        for position in self.unknown().intersection(positions):
            so_far = self.attempts.result(position)
            if so_far is None:
                self.not_run.add(position)
            else:
                self.results[position] = so_far
