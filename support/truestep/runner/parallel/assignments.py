"""Who runs what: the units of the schedule, and the workers that have them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.tally import Tally
from truestep.runner.parallel.wire import End, Job, Leave, Work
from truestep.runner.schedule import Schedule, Unit


class Assignments:
    """Gives workers their units, and takes back what they have not done of them.

    Args:
        tally: of the scenarios.
        job: returns what a worker is told of an attempt, from the scenario's position and the
            attempt's number.
    """

    def __init__(self, tally: Tally, job: Callable[[int, int], Job]) -> None:
        self._tally = tally
        self._job = job
        self._schedule = Schedule([], 1)
        self._kept: Collection[str] = ()
        self._keepers: dict[str, str] = {}

    def begin(self, schedule: Schedule, kept: Collection[str]) -> None:
        """There is something to do.

        Args:
            schedule: what there is.
            kept: locks that stay with the worker that first had them: what they stand for was
                started there.
        """
        if self.is_stopped:
            schedule.stop()
        self._schedule, self._kept = schedule, kept

    def stop(self) -> None:
        """Nothing more is given out."""
        self._schedule.stop()

    @property
    def is_stopped(self) -> bool:
        """Whether that was said."""
        return self._schedule.is_stopped

    @property
    def is_empty(self) -> bool:
        """Whether nothing more will be given out."""
        return self._schedule.is_empty

    def left_s(self) -> float:
        """Returns the seconds until the end, as expected."""
        return self._schedule.left_s()

    def give(self, seat: Seat) -> None:
        """Gives a worker that waits what it may begin now, or tells it what there is to end."""
        of_others = {lock for lock, keeper in self._keepers.items() if keeper != seat.name}
        while (unit := self._schedule.take(seat.feature, barred=of_others)) is not None:
            positions = [one for one in unit.scenarios if not self._tally.is_known(one)]
            if positions:
                self._hand_over(seat, unit, positions)
                return
            self._schedule.done(unit)
        if self.is_stopped or self._schedule.is_over:
            seat.send(End())
        elif seat.feature is not None:
            # What is left of its feature, if anything, has to wait; its hooks need not.
            seat.send(Leave())

    def ended(self, seat: Seat) -> None:
        """A worker has done its unit: what failed in it is tried again, as a whole."""
        self._put_back(seat, seat.again)
        self._tally.give_up(seat.jobs)
        seat.jobs = {}

    def gone(self, seat: Seat) -> None:
        """A worker has died: what it had not come to is for another one."""
        self._keepers = {lock: one for lock, one in self._keepers.items() if one != seat.name}
        self._put_back(seat, [*seat.jobs, *seat.again])

    def _hand_over(self, seat: Seat, unit: Unit, positions: list[int]) -> None:
        jobs = [self._job(one, self._tally.attempts.next(one)) for one in positions]
        seat.unit, seat.feature = unit, unit.feature
        seat.not_left.add(unit.feature)
        seat.jobs = {job.position: job for job in jobs}
        self._keepers |= dict.fromkeys(unit.locks.intersection(self._kept), seat.name)
        seat.send(Work(tuple(jobs), unit.alone))

    def _put_back(self, seat: Seat, positions: Iterable[int]) -> None:
        unit, seat.unit, seat.again = seat.unit, None, []
        if unit is None:
            return
        self._schedule.done(unit)
        again = tuple(sorted({*positions}))
        if again:
            expected_s = unit.expected_s * len(again) / len(unit.scenarios)
            self._schedule.add(replace(unit, scenarios=again, expected_s=expected_s))
