"""Feeds behave's loops over features, rules and scenarios with what the parent asks for."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from behave.model import Rule

from truestep.runner.parallel.outbox import Outbox
from truestep.runner.parallel.places import Place
from truestep.runner.parallel.states import ContainerState
from truestep.runner.parallel.wire import (
    Asks,
    End,
    Entered,
    Job,
    Leave,
    Left,
    NotRun,
    Order,
    Part,
    Work,
)


class Fed(list[Any]):
    """The items of a feature or a rule. One pass over them, behave's own, takes what is fed."""

    _fed: Iterator[Any] | None = None

    def begin(self, fed: Iterator[Any]) -> None:
        """The next pass is the one."""
        self._fed = fed

    def __iter__(self) -> Iterator[Any]:
        """Iterates over what is fed, once; any other time over all items."""
        fed, self._fed = self._fed, None
        return super().__iter__() if fed is None else fed


class Feed:
    """What a worker does next. `is_alone`: no other one runs anything beside what it does now.

    Args:
        connection: to the parent.
        outbox: to the parent, too.
        features: behave's.
        places: of all scenarios of the run.
        begins: called with each job before behave runs its scenario.
        is_aborted: tells whether the run ends here.
    """

    def __init__(
        self,
        connection: Connection,
        outbox: Outbox,
        *,
        features: Sequence[Any],
        places: Sequence[Place],
        begins: Callable[[Job, Place], None],
        is_aborted: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._features = features
        self._places = places
        self._begins = begins
        self._is_aborted = is_aborted
        self._jobs: deque[Job] = deque()
        self._of_rules: defaultdict[int, str] = defaultdict(str)
        self._leaves = False
        self._is_over = False
        self.is_alone = False
        for feature in features:
            for item in feature.run_items:
                if isinstance(item, Rule):
                    item.run_items = Fed(item.run_items)
            feature.run_items = Fed(feature.run_items)

    def features(self) -> Iterator[Any]:
        """Yields the features to run; behave runs one before it takes the next."""
        while not self._is_aborted():
            self._leaves = False
            job = self._next()
            if job is None:
                if self._is_over:
                    return
                continue
            number = self._places[job.position].feature
            feature = self._features[number]
            yield feature
            self._give_back(number, None)
            self._tell_left(number)

    def entered(self, container: Any) -> None:
        """The hooks before a feature or a rule have run; behave goes through its items next."""
        if self._jobs:
            place = self._places[self._jobs[0].position]
            inside = place.rule if container is not self._features[place.feature] else None
            self._outbox.tell(
                Entered(
                    place.feature,
                    inside,
                    hook_failed=container.hook_failed,
                    is_skipped=container.should_skip,
                    printed=self._outbox.printed(),
                )
            )
            container.run_items.begin(self._items(place.feature, inside))

    def _items(self, feature: int, rule: int | None) -> Iterator[Any]:
        while (job := self._next()) is not None:
            place = self._places[job.position]
            if place.feature != feature:
                return
            if place.rule == rule:
                self._jobs.popleft()
                self._begins(job, place)
                yield place.scenario
            elif rule is not None or place.rule is None:
                return
            else:
                yield self._features[feature].run_items[place.rule]
                self._of_rules[place.rule] += self._outbox.printed()
                # A rule whose hook failed, or that was left out, has taken none.
                if self._jobs and self._jobs[0] is job:
                    self._give_back(feature, place.rule)

    def _next(self) -> Job | None:
        """Returns the next job, asking for one if need be; None when a feature, or all, ends."""
        while not self._jobs and not self._leaves and not self._is_over:
            # Others may begin as soon as that is told.
            self.is_alone = False
            self._outbox.tell(Asks())
            self._take(self._connection.recv())
        return self._jobs[0] if self._jobs else None

    def _take(self, order: Order) -> None:
        match order:
            case Work(jobs, alone):
                self._jobs.extend(jobs)
                self.is_alone = alone
            case Leave():
                self._leaves = True
            case End():
                self._is_over = True

    def _give_back(self, feature: int, rule: int | None) -> None:
        """Gives back what behave did not take of a feature, or of one of its rules."""
        left = []
        while self._jobs:
            place = self._places[self._jobs[0].position]
            if place.feature != feature or rule not in (None, place.rule):
                break
            left.append(self._jobs.popleft().position)
        if left and self._is_aborted():
            self._outbox.tell(NotRun(tuple(left)))
        elif left:
            self._outbox.tell(NotRun(tuple(left), feature, rule))

    def _tell_left(self, number: int) -> None:
        feature = self._features[number]
        items = enumerate(feature.run_items)
        rules = {index: item for index, item in items if isinstance(item, Rule)}
        of_rules, self._of_rules = self._of_rules, defaultdict(str)
        parts = [Part(at, ContainerState.of(one), of_rules[at]) for at, one in rules.items()]
        own = Part(None, ContainerState.of(feature), self._outbox.printed())
        self._outbox.tell(Left(number, (own, *parts)))
        # It may come here again.
        for container in (feature, *rules.values()):
            container.hook_failed = False
            container.error_message = container.exception = None
            container.captured.reset()
            container.clear_status()
