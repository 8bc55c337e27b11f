"""The connections to a cluster that all scenarios use, one at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from truestep.errors import ServiceError
from truestep.polling import scaled
from truestep.services.kafka.administration import Administration, client_config
from truestep.services.kafka.quiet import mute_own_clients

_READS_WITHIN_S = 10.0
_COMMITS_WITHIN_S = 0.5
_POLL_MS = 100
# For so long kafka-python sleeps when it has yet to learn who leads a topic.
_IDLE_MS = 1
_A_DAY_MS = 24 * 60 * 60 * 1000


class Cluster(Administration):
    """A connection for administration, and a reader without a group; neither is thread-safe.

    Args:
        servers: the bootstrap servers.
    """

    def __init__(self, servers: str) -> None:
        from kafka import KafkaConsumer

        mute_own_clients()
        with ExitStack() as undo:
            self._reader = KafkaConsumer(
                enable_auto_commit=False,
                isolation_level="read_committed",
                # What is asked for is there. Else the next one to read waits for this answer.
                fetch_max_wait_ms=1,
                # It may ask again for topics that are gone, and a broker may make them anew.
                metadata_max_age_ms=_A_DAY_MS,
                **client_config(servers) | {"retry_backoff_ms": _IDLE_MS},
            )
            undo.callback(self._reader.close)
            # A client that is told the release asks for its topic in its first request; one that
            # has to find out waits 100 ms between the two.
            self.release: tuple[int, ...] = self._reader.config["api_version"]
            super().__init__(servers, self.release)
            undo.pop_all()

    def read(self, topic: str, positions: dict[int, int]) -> dict[int, list[Any]]:
        """Reads each partition from its position up to its end as it is now.

        A transaction that is being committed is waited for; one that stays open hides what it and
        others have sent since, as it does from every reader of committed events.

        Args:
            topic: the topic.
            positions: partition -> offset to read from; set to the end when this returns.

        Returns:
            partition -> kafka-python's records, committed ones only.

        Raises:
            ServiceError: the broker does not hand out what it says it has.
        """
        ends = self._ends(topic, positions)
        reading = sorted(one for one in ends if positions[one.partition] < ends[one])
        records: dict[int, list[Any]] = {number: [] for number in positions}
        if not reading:
            return records
        self._reader.assign(reading)
        for one in reading:
            self._reader.seek(one, positions[one.partition])
        limit_s = scaled(_READS_WITHIN_S)
        began = time.monotonic()
        # A position also passes what is never handed out: the markers of transactions.
        while behind := [one for one in reading if self._reader.position(one) < ends[one]]:
            waited_s = time.monotonic() - began
            if waited_s > limit_s:
                raise ServiceError(
                    "kafka does not hand out the events that it has",
                    seen=f"partitions {[one.partition for one in behind]} not read to their ends",
                    looked=f"the topic {topic!r} at {self.servers}, for {limit_s:g} s",
                    remedy="look into the broker's log",
                )
            if waited_s > scaled(_COMMITS_WITHIN_S):
                ends = self._ends(topic, positions, isolation_level="read_committed")
            for one, batch in self._reader.poll(timeout_ms=_POLL_MS).items():
                records[one.partition] += batch
        for one in reading:
            positions[one.partition] = self._reader.position(one)
        return records

    def expect(self, topics: Iterable[str]) -> None:
        """Has the reader learn who leads these topics, while others do something else.

        kafka-python waits for up to 100 ms before it asks for a topic that is new to it.
        """
        from kafka import TopicPartition

        self._reader.assign([TopicPartition(topic, 0) for topic in topics])

    def close(self) -> None:
        """Closes both connections."""
        with ExitStack() as stack:
            stack.callback(super().close)
            stack.callback(self._reader.close)

    def _ends(self, topic: str, partitions: Iterable[int], **kind: str) -> dict[Any, int]:
        from kafka import TopicPartition

        return self._latest([TopicPartition(topic, number) for number in partitions], **kind)
