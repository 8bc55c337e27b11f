"""Private isolation on Kafka: each scenario has topics and groups of its own."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count

from truestep.errors import ServiceError
from truestep.services.ahead import Ahead, Work
from truestep.services.base import CanSweep, Endpoint
from truestep.services.kafka.administration import Administration
from truestep.services.kafka.client import KafkaClient, TopicInUse
from truestep.services.kafka.cluster import Cluster
from truestep.services.kafka.places import KafkaPlaces
from truestep.services.kafka.quiet import OWN_CLIENT
from truestep.services.kafka.watch import Watch

# A broker makes several in about the time of one.
_READY = 4
_LEFT = 8


@dataclass(frozen=True)
class _Used:
    """What a scenario leaves: `close` is called before the rest is deleted."""

    topics: Iterable[str]
    groups: Iterable[str] = ()
    close: Callable[[], None] | None = None


class PrivateTopics(KafkaPlaces, CanSweep):
    """Has topics made ahead, under names of their own, and deletes what was used.

    Nothing is ever made again after its deletion, which takes a broker a while.

    Args:
        endpoint: the cluster.
        run_id: unique to the run; in the name of all that is made.
        partitions: how many a topic has that is made on first mention.
        is_ours: whether Truestep has started the server: only then topics are made before the
            first scenario.
        to_come: tells how many scenarios are still to enter, at most. The last one waits for the
            topics after its first, which is better than to make some that nobody will mention.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        run_id: str,
        partitions: int,
        *,
        is_ours: bool,
        to_come: Callable[[], int],
    ) -> None:
        super().__init__(endpoint, partitions)
        self._run_id = run_id
        self._is_ours = is_ours
        self._to_come = to_come
        # Random too: servers of one run with different lifetimes may be one and the same.
        self._names = (f"truestep.{run_id}.{secrets.token_hex(3)}-{n}" for n in count(1))
        self._lock = threading.Lock()
        self._topics: Ahead[str, _Used] | None = None
        # Of whoever makes and deletes topics: the thread, or who finds none ready.
        self._working = threading.Lock()
        self._administration: Administration | None = None
        self._working_watch = Watch(endpoint.url)

    def prepare(self) -> None:
        """Connects; on a server of ours, begins to make topics."""
        # First: the scenario waits for topics longer than for the connection.
        if self._is_ours:
            self._ahead()
        super().prepare()

    def sweep(self, run_id: str) -> None:
        """Deletes the topics and groups of a run that was killed."""
        theirs = re.compile(rf".+\.{re.escape(run_id)}\.[^.]+")
        # A connection of its own: the one that scenarios use is not thread-safe.
        with closing(Administration(self._endpoint.url)) as administration:
            administration.sweep(lambda name: theirs.fullmatch(name) is not None)

    def close(self) -> None:
        """Leaves what was not left yet, deletes what is left, and disconnects."""
        with ExitStack() as stack:
            if self._topics:
                stack.callback(self._close_administration)
                stack.callback(self._topics.close)
            stack.callback(super().close)

    def abandon(self) -> None:
        """Leaves what was not left yet, and disconnects; the topics go with the server."""
        with ExitStack() as stack:
            if self._topics:
                stack.callback(self._close_administration)
                # Called after the next one, which gives back what it leaves.
                topics = self._topics
                stack.callback(lambda: _close_publishers(topics.stop()))
            stack.callback(super().close)

    def _client(self, cluster: Cluster, scenario_id: str) -> KafkaClient:
        topics = self._ahead()
        cluster.expect(topics.ready())
        return _PrivateClient(cluster, f"{self._run_id}.{scenario_id}", self._partitions, topics)

    def _ahead(self) -> Ahead[str, _Used]:
        from kafka.errors import KafkaError

        with self._lock:
            if self._topics is None:
                self._topics = Ahead(
                    Work(
                        # What kafka-python logs in threads that are named so is ours.
                        f"{OWN_CLIENT}topics",
                        make=self._make,
                        drop=self._drop,
                        used=lambda topic: _Used([topic]),
                        errors=(OSError, KafkaError, ServiceError),
                        ready=_READY,
                        left=_LEFT,
                        at_once=_READY,
                        to_come=self._to_come,
                    )
                )
            return self._topics

    def _make(self, many: int) -> list[str]:
        names = [next(self._names) for _ in range(many)]
        with self._working:
            self._administrator().create(names, self._partitions)
        return names

    def _drop(self, used: list[_Used]) -> None:
        _close_publishers(used)
        topics = [topic for one in used for topic in one.topics]
        groups = [group for one in used for group in one.groups]
        with self._working:
            self._administrator().delete(topics, groups)

    def _administrator(self) -> Administration:
        self._working_watch.raise_if_gone()
        if self._administration is None:
            release = self._cluster.release if self._cluster else None
            self._administration = Administration(self._endpoint.url, release)
        return self._administration

    def _close_administration(self) -> None:
        self._working_watch.close()
        if self._administration:
            self._administration.close()


def _close_publishers(used: Iterable[_Used]) -> None:
    for one in used:
        if one.close:
            one.close()


class _PrivateClient(KafkaClient):
    """Names stand for topics that were made ahead, and for groups of the scenario's own."""

    def __init__(
        self, cluster: Cluster, place: str, partitions: int, topics: Ahead[str, _Used]
    ) -> None:
        super().__init__(cluster, place, partitions)
        self._ahead = topics

    def _take(self, name: str) -> TopicInUse:  # noqa: ARG002  # they are all alike
        return TopicInUse(self._ahead.take(), dict.fromkeys(range(self._partitions), 0))

    def _let_go(self) -> None:
        if self._topics or self._groups:
            topics = [in_use.physical for in_use in self._topics.values()]
            groups = list(self._groups.values())
            self._ahead.give_back(_Used(topics, groups, self._close_publisher))
