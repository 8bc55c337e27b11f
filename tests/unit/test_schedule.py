"""Which worker runs what next, by a clock that jumps from event to event."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import pytest

from truestep.runner.schedule import Schedule, Unit


@dataclass
class Played:
    """What came of a schedule: when each unit ran, and where."""

    spans: list[tuple[float, float, int, Unit]] = field(default_factory=list)

    @property
    def makespan(self) -> float:
        return max(end for _, end, _, _ in self.spans)

    @property
    def order(self) -> list[int]:
        return [unit.scenarios[0] for _, _, _, unit in self.spans]

    def beside(self, unit: Unit) -> list[Unit]:
        """Returns what ran at the same time as this unit."""
        begin, end = next((a, b) for a, b, _, one in self.spans if one is unit)
        return [one for a, b, _, one in self.spans if one is not unit and a < end and b > begin]

    def entered(self) -> int:
        """Returns how often a worker entered a feature."""
        return len({(worker, unit.feature) for _, _, worker, unit in self.spans})


def play(
    schedule: Schedule, workers: int, takes_s: Callable[[Unit], float] = lambda u: u.expected_s
) -> Played:
    played = Played()
    clock, last = 0.0, dict[int, int | None](dict.fromkeys(range(workers)))
    ends: list[tuple[float, int, int, Unit]] = []
    free = list(range(workers))
    while not schedule.is_over:
        idle = []
        for worker in free:
            unit = schedule.take(last[worker])
            if unit is None:
                idle.append(worker)
                continue
            heappush(ends, (clock + takes_s(unit), len(played.spans), worker, unit))
            played.spans.append((clock, clock + takes_s(unit), worker, unit))
        assert ends, "nothing runs, and nothing may start"
        clock, _, worker, unit = heappop(ends)
        schedule.done(unit)
        last[worker] = unit.feature
        free = sorted([*idle, worker])
    assert schedule.take(None) is None
    return played


def units(lengths: Sequence[float], per_feature: int = 8) -> list[Unit]:
    return [Unit((at,), at // per_feature, length) for at, length in enumerate(lengths)]


def skewed(seed: int, count: int = 200) -> list[float]:
    rng = random.Random(seed)  # noqa: S311  # a load that is made up
    return [rng.choice([0.01, 0.05, 0.1]) * rng.paretovariate(1.2) for _ in range(count)]


@pytest.mark.parametrize("workers", [1, 2, 4, 7])
def test_loads_of_any_shape_end_almost_as_soon_as_they_could(workers: int) -> None:
    for seed in range(40):
        lengths = skewed(seed)
        played = play(Schedule(units(lengths), workers), workers)
        assert played.makespan <= 1.1 * max(sum(lengths) / workers, *lengths)
        assert sorted(played.order) == list(range(200))


def test_units_that_share_a_lock_count_as_one_long_unit() -> None:
    # A third of all: begun late, or with pauses, they would end long after the others.
    lengths = [1.0] * 90
    load = [
        Unit((at,), at // 10, length, locks=frozenset({"mail"} if at >= 60 else ()))
        for at, length in enumerate(lengths)
    ]
    assert play(Schedule(load, 3), 3).makespan <= 31


def test_a_worker_stays_in_its_feature_where_that_costs_nothing() -> None:
    # 16 features of 10 scenarios that nothing is known of, on 4 workers: each feature's hooks run
    # once, but for those that are shared at the end.
    played = play(Schedule(units([1.0] * 160, per_feature=10), 4), 4)
    assert played.makespan == 40
    assert played.entered() <= 16 + 4


def test_a_worker_stays_in_its_feature_though_others_have_longer_scenarios() -> None:
    rng = random.Random(3)  # noqa: S311  # a load that is made up
    lengths = [rng.uniform(0.5, 1.5) for _ in range(160)]
    played = play(Schedule(units(lengths, per_feature=10), 4), 4)
    assert played.makespan <= 1.02 * sum(lengths) / 4
    assert played.entered() <= 16 + 8


def test_a_free_worker_goes_where_nobody_is() -> None:
    load = [Unit((at,), 0 if at < 20 else 1, 1.0) for at in range(24)]
    played = play(Schedule(load, 2), 2)
    assert [unit.feature for _, _, _, unit in played.spans[:2]] == [0, 1]


def test_one_worker_runs_all_as_it_was_written() -> None:
    load = units([1.0] * 50)
    assert play(Schedule(load, 1), 1).order == list(range(50))


def test_units_with_a_common_lock_never_run_side_by_side() -> None:
    for seed in range(30):
        rng = random.Random(seed)  # noqa: S311  # a load that is made up
        names = ["mail", "disk", "clock"]
        load = [
            Unit(
                (at,), at // 8, length, locks=frozenset(rng.sample(names, rng.choice([0, 0, 1, 2])))
            )
            for at, length in enumerate(skewed(seed, 60))
        ]
        played = play(Schedule(load, 4), 4)
        for unit in load:
            assert all(unit.locks.isdisjoint(one.locks) for one in played.beside(unit))
        assert sorted(played.order) == list(range(60))


@pytest.mark.parametrize("keep_order", [False, True])
def test_what_is_alone_runs_beside_nothing_and_as_it_was_written(keep_order: bool) -> None:
    load = [
        Unit((at,), at // 8, length, alone=at % 9 == 0) for at, length in enumerate(skewed(5, 60))
    ]
    played = play(Schedule(load, 4, keep_order=keep_order), 4)
    alone = [unit for unit in load if unit.alone]
    assert all(not played.beside(unit) for unit in alone)
    assert [unit for _, _, _, unit in played.spans if unit.alone] == alone


def test_what_is_alone_comes_last() -> None:
    load = [Unit((0,), 0, 9.0, alone=True), *(Unit((at,), 0, 1.0) for at in range(1, 5))]
    assert play(Schedule(load, 2), 2).order == [1, 2, 3, 4, 0]


def test_a_kept_order_is_kept_and_waits_for_what_may_not_start() -> None:
    mail = frozenset({"mail"})
    load = [
        Unit((3,), 0, 5.0, locks=mail),
        Unit((1,), 1, 1.0),
        Unit((2,), 0, 1.0, locks=mail),
        Unit((0,), 0, 9.0),
    ]
    played = play(Schedule(load, 2, keep_order=True), 2)
    assert played.order == [3, 1, 2, 0]
    assert [begin for begin, *_ in played.spans] == [0, 0, 5, 5]


def test_what_runs_again_is_given_out_again_and_counts_as_ended_first() -> None:
    unit = Unit((0, 1), 0, 2.0, locks=frozenset({"mail"}))
    schedule = Schedule([unit], 2)
    assert schedule.take(None) is unit
    assert schedule.is_empty
    assert not schedule.is_over
    schedule.done(unit)
    schedule.add(unit)
    assert not schedule.is_empty
    assert schedule.waiting == (unit,)
    assert schedule.take(0) is unit
    schedule.done(unit)
    assert schedule.is_over


def test_units_that_are_equal_are_each_given_out() -> None:
    played = play(Schedule([Unit((0,), 0, 1.0)] * 50, 4), 4)
    assert played.order == [0] * 50


def test_once_stopped_nothing_is_given_out_and_what_waits_is_told() -> None:
    load = [*units([1.0] * 6), Unit((6,), 0, 1.0, alone=True)]
    schedule = Schedule(load, 2)
    first, second = schedule.take(None), schedule.take(None)
    assert first
    assert second
    schedule.stop()
    assert schedule.take(0) is None
    assert schedule.is_empty
    assert not schedule.is_over
    schedule.done(first)
    schedule.done(second)
    schedule.add(second)
    assert schedule.is_over
    assert set(schedule.waiting) == set(load) - {first, second}


def test_the_time_left_is_that_of_what_waits_and_half_of_what_runs() -> None:
    load = [*units([4.0, 4.0, 4.0, 4.0]), Unit((4,), 0, 3.0, alone=True)]
    schedule = Schedule(load, 2)
    assert schedule.left_s() == 16 / 2 + 3
    schedule.take(None)
    assert schedule.left_s() == (12 + 2) / 2 + 3


def test_worker_is_given_no_unit_of_a_lock_that_stays_with_another_one() -> None:
    locked = Unit((0,), 0, 9.0, locks=frozenset({"shop"}))
    alone = Unit((1,), 0, 1.0, alone=True, locks=frozenset({"shop"}))
    free = Unit((2,), 0, 1.0)
    schedule = Schedule([locked, alone, free], 2)
    assert schedule.take(None, barred={"shop"}) == free
    schedule.done(free)
    assert schedule.take(None, barred={"shop"}) is None
    assert schedule.take(None) == locked
    schedule.done(locked)
    assert schedule.take(None, barred={"shop"}) is None
    assert schedule.take(None) == alone
