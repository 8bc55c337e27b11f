"""Which worker runs what next: the longest first, and a worker stays in its feature if it may."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

# While nothing that waits is longer than this share of what is left for each worker, any order
# ends in time, and workers may stay in their features, whose hooks run in each worker.
_EASY_SHARE = 0.4
# What is about as long as the longest counts as such.
_ABOUT_AS_LONG = 0.85


@dataclass(frozen=True)
class Unit:
    """Scenarios that one worker runs one after another.

    `scenarios` are positions in the run, `feature` is that of their feature. `alone`: nothing else
    runs meanwhile. `locks`: nothing else with one of these does.
    """

    scenarios: tuple[int, ...]
    feature: int
    expected_s: float
    alone: bool = False
    locks: frozenset[str] = frozenset()


class Schedule:
    """Gives the units of a run to its workers.

    Units that are alone come last, when nothing else runs, as they were written.

    Args:
        units: all of them, as they were written.
        workers: how many there are.
        keep_order: give them out in this order and no other; one that may not start yet is waited
            for.
    """

    def __init__(self, units: Sequence[Unit], workers: int, *, keep_order: bool = False) -> None:
        self._workers = workers
        self._keep_order = keep_order
        self._queue: deque[Unit] = deque()
        self._lanes: dict[tuple[int, frozenset[str]], _Lane] = {}
        self._running: list[Unit] = []
        self._held: set[str] = set()
        self._of_lock: defaultdict[str, float] = defaultdict(float)
        self._count = 0
        self._left_s = 0.0
        self.is_stopped = False
        for unit in units:
            self._put(unit)

    def take(self, feature: int | None, barred: Collection[str] = ()) -> Unit | None:
        """Returns what a free worker does next; None when nothing may start now.

        Args:
            feature: that of the worker's last unit, or None.
            barred: locks of which this worker is given no unit.
        """
        if self.is_stopped or any(unit.alone for unit in self._running):
            return None
        unit = self._next(feature, self._held.union(barred))
        if unit is not None:
            self._running.append(unit)
            self._held |= unit.locks
        return unit

    def done(self, unit: Unit) -> None:
        """A unit that was taken has ended."""
        self._running.remove(unit)
        self._held -= unit.locks

    def add(self, unit: Unit) -> None:
        """There is one more to run; at the end, where the order is kept."""
        if not self.is_stopped:
            self._put(unit)

    def stop(self) -> None:
        """No more is given out."""
        self.is_stopped = True

    @property
    def is_empty(self) -> bool:
        """Whether no more will be given out."""
        return self.is_stopped or not (self._queue or self._lanes)

    @property
    def is_over(self) -> bool:
        """Whether no more will be given out, and all that was has ended."""
        return self.is_empty and not self._running

    @property
    def waiting(self) -> tuple[Unit, ...]:
        """The units that were not given out, as they were written."""
        laned = [unit for lane in self._lanes.values() for unit in lane.waiting()]
        return tuple(sorted([*laned, *self._queue], key=lambda unit: unit.scenarios))

    def left_s(self) -> float:
        """Returns the seconds until the end, as expected; what runs now counts as half done."""
        alone = sum(unit.expected_s for unit in self._queue if unit.alone)
        beside = sum(unit.expected_s for unit in self._queue if not unit.alone)
        running = sum(unit.expected_s for unit in self._running) / 2
        return alone + (beside + self._left_s + running) / self._workers

    def _put(self, unit: Unit) -> None:
        if self._keep_order or unit.alone:
            self._queue.append(unit)
            return
        lane = self._lanes.setdefault((unit.feature, unit.locks), _Lane(unit.feature, unit.locks))
        lane.put(self._count, unit)
        self._count += 1
        self._count_in(unit, 1)

    def _count_in(self, unit: Unit, sign: int) -> None:
        self._left_s += sign * unit.expected_s
        for lock in unit.locks:
            self._of_lock[lock] += sign * unit.expected_s

    def _next(self, feature: int | None, barred: Collection[str]) -> Unit | None:
        if self._lanes:
            return self._from_lanes(feature, barred)
        if not self._queue:
            return None
        first = self._queue[0]
        may_start = first.locks.isdisjoint(barred) and not (first.alone and self._running)
        return self._queue.popleft() if may_start else None

    def _from_lanes(self, feature: int | None, barred: Collection[str]) -> Unit | None:
        lanes = [lane for lane in self._lanes.values() if lane.locks.isdisjoint(barred)]
        if not lanes:
            return None
        # Units that share a lock run one after another: together they are as one long unit.
        weights = [self._weight(lane) if lane.locks else lane.longest_s for lane in lanes]
        longest = max(weights)
        is_easy = longest <= _EASY_SHARE * self._left_s / self._workers
        if not is_easy:
            enough = _ABOUT_AS_LONG * longest
            lanes = [lane for lane, weight in zip(lanes, weights, strict=True) if weight >= enough]
        lane = self._nearest(lanes, feature)
        unit = lane.first() if is_easy else lane.longest()
        if lane.is_empty:
            del self._lanes[lane.feature, lane.locks]
        self._count_in(unit, -1)
        return unit

    def _weight(self, lane: _Lane) -> float:
        return max(lane.longest_s, *(self._of_lock[lock] for lock in lane.locks))

    def _nearest(self, lanes: list[_Lane], feature: int | None) -> _Lane:
        """Returns one of the worker's feature; or where nobody is; or where most is left."""
        inside = Counter(unit.feature for unit in self._running)
        near = [lane for lane in lanes if lane.feature == feature]
        near = near or [lane for lane in lanes if lane.feature not in inside] or lanes
        return max(near, key=lambda lane: lane.left_s / (1 + inside[lane.feature]))


class _Lane:
    """The waiting units of one feature that have the same locks."""

    def __init__(self, feature: int, locks: frozenset[str]) -> None:
        self.feature = feature
        self.locks = locks
        self.left_s = 0.0
        self.longest_s = 0.0
        self._waiting: OrderedDict[int, Unit] = OrderedDict()
        # Its head waits; those behind may have been taken as the first.
        self._by_length: list[tuple[float, int]] = []

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def put(self, place: int, unit: Unit) -> None:
        self._waiting[place] = unit
        self.left_s += unit.expected_s
        self.longest_s = max(self.longest_s, unit.expected_s)
        heappush(self._by_length, (-unit.expected_s, place))

    def first(self) -> Unit:
        return self._take(next(iter(self._waiting)))

    def longest(self) -> Unit:
        return self._take(self._by_length[0][1])

    def waiting(self) -> list[Unit]:
        return list(self._waiting.values())

    def _take(self, place: int) -> Unit:
        unit = self._waiting.pop(place)
        self.left_s -= unit.expected_s
        while self._by_length and self._by_length[0][1] not in self._waiting:
            heappop(self._by_length)
        self.longest_s = -self._by_length[0][0] if self._by_length else 0.0
        return unit
