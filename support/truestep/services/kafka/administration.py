"""What isolation asks of a cluster's brokers: topics made and deleted, their ends, groups."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from truestep.polling import pause, pauses, scaled
from truestep.services.kafka.quiet import OWN_CLIENT, mute_own_clients

T = TypeVar("T")

_ANSWERS_WITHIN_MS = 10_000


class Administration:
    """One connection for administration; not thread-safe.

    Args:
        servers: the bootstrap servers.
        release: the release of Kafka whose protocol they speak; found out if it is not given.
    """

    def __init__(self, servers: str, release: tuple[int, ...] | None = None) -> None:
        from kafka import KafkaAdminClient

        mute_own_clients()
        self.servers = servers
        self._admin = KafkaAdminClient(**client_config(servers), api_version=release)

    def create(self, topics: Sequence[str], partitions: int) -> None:
        """Makes topics; returns when each of their partitions takes events."""
        from kafka import TopicPartition, errors

        # The broker knows a new topic a moment before it leads all of its partitions.
        too_early = (
            errors.UnknownTopicOrPartitionError,
            errors.LeaderNotAvailableError,
            errors.NotLeaderForPartitionError,
        )
        self._admin.create_topics({topic: {"num_partitions": partitions} for topic in topics})
        made = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        _again_after(too_early, lambda: self._latest(made))

    def partitions(self, topic: str) -> list[int]:
        """Returns the numbers of a topic's partitions; none when there is no such topic."""
        [described] = self._admin.describe_topics([topic])
        return sorted(partition["partition_index"] for partition in described["partitions"])

    def ends(self) -> dict[str, dict[int, int]]:
        """Returns topic -> partition -> the offset that its next event gets.

        For all topics but the broker's own and what is out of order; many take as many questions
        as one.
        """
        from kafka.errors import UnknownTopicOrPartitionError

        # A topic may be made or deleted between the two questions.
        return _again_after((UnknownTopicOrPartitionError,), self._ends_of_all)

    def begin_group(self, group: str, topic: str, positions: Mapping[int, int]) -> None:
        """Lets a group begin a topic at these positions, but where it is further already.

        A group that has members is left as it is.
        """
        from kafka import errors

        # The first group of all: the broker is making the topic that it keeps them in.
        being_made = (
            errors.CoordinatorNotAvailableError,
            errors.CoordinatorLoadInProgressError,
            errors.NotCoordinatorError,
        )
        _again_after(being_made, lambda: self._begin_group(group, topic, positions))

    def delete(self, topics: Iterable[str], groups: Iterable[str]) -> None:
        """Deletes topics and groups, but those that are not there or still in use."""
        from kafka.errors import CoordinatorNotAvailableError

        topics, groups = list(topics), list(groups)
        if topics:
            self._admin.delete_topics(topics, raise_errors=False)
        if groups:
            # As long as nobody has joined a group, the broker has no coordinator for them.
            with contextlib.suppress(CoordinatorNotAvailableError):
                self._admin.delete_groups(groups)

    def sweep(self, belongs: Callable[[str], bool]) -> None:
        """Deletes every topic and group whose name belongs to a process that is gone."""
        from kafka.admin import MemberToRemove

        topics = [name for name in self._admin.list_topics() if belongs(name)]
        groups = [one["group_id"] for one in self._admin.list_groups()]
        groups = [name for name in groups if belongs(name)]
        for name, group in self._admin.describe_groups(groups).items() if groups else ():
            # The broker still waits for their heartbeats.
            members = [MemberToRemove(member["member_id"]) for member in group["members"]]
            self._admin.remove_group_members(name, members)
        self.delete(topics, groups)

    def close(self) -> None:
        """Closes the connection."""
        self._admin.close()

    def _begin_group(self, group: str, topic: str, positions: Mapping[int, int]) -> None:
        from kafka import TopicPartition
        from kafka.errors import NoError, UnknownMemberIdError
        from kafka.structs import OffsetAndMetadata

        at = {TopicPartition(topic, number): offset for number, offset in positions.items()}
        stands = self._admin.list_group_offsets({group: list(at)})[group]
        behind = {
            one: OffsetAndMetadata(offset, "", -1)
            for one, offset in at.items()
            if one not in stands or stands[one].offset < offset
        }
        for outcome in self._admin.alter_group_offsets(group, behind).values():
            # Only its members may move a group that has some.
            if outcome not in (NoError, UnknownMemberIdError):
                raise outcome(f"the offsets of the group {group!r} cannot be set")

    def _ends_of_all(self) -> dict[str, dict[int, int]]:
        from kafka import TopicPartition

        wanted = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in self._admin.describe_topics()
            if not topic["is_internal"]
            for partition in topic["partitions"]
            if partition["leader_id"] >= 0
        ]
        ends: dict[str, dict[int, int]] = {}
        if wanted:
            for one, offset in self._latest(wanted).items():
                ends.setdefault(one.topic, {})[one.partition] = offset
        return ends

    def _latest(self, partitions: Iterable[Any], **kind: str) -> dict[Any, int]:
        from kafka.admin import OffsetSpec

        wanted = dict.fromkeys(partitions, OffsetSpec.LATEST)
        found = self._admin.list_partition_offsets(wanted, **kind)
        return {one: at.offset for one, at in found.items()}


def _again_after(errors: tuple[type[Exception], ...], call: Callable[[], T]) -> T:
    """Returns what `call` does, after trying it again for a while as long as it raises these."""
    give_up = time.monotonic() + scaled(_ANSWERS_WITHIN_MS / 1000)
    for seconds in pauses():
        try:
            return call()
        except errors:
            if time.monotonic() > give_up:
                raise
        pause(seconds)
    raise AssertionError("unreachable: pauses() never ends")


def client_config(servers: str) -> dict[str, Any]:
    """Returns what each client of our own is configured with."""
    return {
        "bootstrap_servers": servers.split(","),
        "client_id": f"{OWN_CLIENT}cluster",
        "bootstrap_timeout_ms": _ANSWERS_WITHIN_MS,
        "request_timeout_ms": _ANSWERS_WITHIN_MS,
        "retry_backoff_ms": 10,
        "reconnect_backoff_ms": 10,
    }
