"""Reset isolation on Kafka: topics as an application names them, seen from now on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from truestep.services.base import Endpoint, SharedPlace
from truestep.services.kafka.client import KafkaClient, TopicInUse
from truestep.services.kafka.cluster import Cluster
from truestep.services.kafka.places import KafkaPlaces

Ends = Mapping[str, Mapping[int, int]]


class SharedTopics(KafkaPlaces, SharedPlace):
    """Notes where each topic ends when a scenario begins, and deletes nothing, ever.

    Topics and groups are the application's: what it has made stays, and so does a topic that a
    scenario mentions before the application has made it. They go away with a server of the run.

    Args:
        endpoint: the cluster.
        partitions: how many a topic has that is made on first mention.
        place: what the application adds to each name, with a dot; empty: nothing.
        may_reset: whether a group that a scenario reads as may be moved past older events.
    """

    def __init__(
        self, endpoint: Endpoint, partitions: int, *, place: str = "", may_reset: bool
    ) -> None:
        super().__init__(endpoint, partitions)
        self._place = place
        self._may_reset = may_reset

    @property
    def url(self) -> str:
        """The bootstrap servers."""
        return self._endpoint.url

    def _client(self, cluster: Cluster, scenario_id: str) -> KafkaClient:  # noqa: ARG002  # names are their own
        return _ClientFromNowOn(
            cluster, self._place, self._partitions, may_move_groups=self._may_reset
        )


class _ClientFromNowOn(KafkaClient):
    """Names stand for the application's; what was there when the scenario began is not seen."""

    def __init__(
        self, cluster: Cluster, place: str, partitions: int, *, may_move_groups: bool
    ) -> None:
        super().__init__(cluster, place, partitions)
        self._before: Ends = cluster.ends()
        self._may_move_groups = may_move_groups
        self._begun: set[tuple[str, str]] = set()

    def topic(self, name: str) -> str:
        """Returns what the application calls it; makes the topic when there is none.

        Raises:
            StepUsageError: Kafka allows no such name.
        """
        from kafka.errors import TopicAlreadyExistsError

        in_use = self._to_read(name)
        if not in_use.positions:
            # The application may be faster.
            with suppress(TopicAlreadyExistsError):
                self._cluster.create([in_use.physical], self._partitions)
        return in_use.physical

    def consumer(self, topic: str, *, group: str, **config: Any) -> Any:
        """Returns a new `kafka.KafkaConsumer` that joins `group`; it is closed in the end.

        A group without members begins with the first event of the scenario; one that has some, or
        that may not be moved, goes on where it is.
        """
        physical = self._physical(topic, "topic")
        before = self._before.get(physical)
        if before and self._may_move_groups and (topic, group) not in self._begun:
            self._begun.add((topic, group))
            self._cluster.begin_group(self.group(group), physical, before)
        return super().consumer(topic, group=group, **config)

    def _to_read(self, name: str) -> TopicInUse:
        in_use = self._topics.setdefault(name, self._take(name))
        # Looked up each time: the application may make the topic, or add partitions, at any time.
        before = self._before.get(in_use.physical, {})
        for number in self._cluster.partitions(in_use.physical):
            in_use.positions.setdefault(number, before.get(number, 0))
        return in_use

    def _take(self, name: str) -> TopicInUse:
        return TopicInUse(self._physical(name, "topic"), {})

    def _let_go(self) -> None:
        self._close_publisher()
