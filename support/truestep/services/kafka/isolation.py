"""Private isolation on Kafka: each scenario has topics and groups of its own."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing

from truestep.evidence import Snapshot
from truestep.services.base import CanSweep, Endpoint, Isolation
from truestep.services.kafka.client import KafkaClient
from truestep.services.kafka.cluster import Cluster
from truestep.services.kafka.snapshot import events_of


class PrivateTopics(Isolation, CanSweep):
    """Adds the run and the scenario to each name; nothing is ever made again after its deletion.

    Args:
        endpoint: the cluster.
        run_id: unique to the run.
        partitions: how many a topic has that is made on first mention.
    """

    def __init__(self, endpoint: Endpoint, run_id: str, partitions: int) -> None:
        self._endpoint = endpoint
        self._run_id = run_id
        self._partitions = partitions
        self._cluster: Cluster | None = None
        self._clients: list[KafkaClient] = []

    def prepare(self) -> None:
        """Connects."""
        self._cluster = Cluster(self._endpoint.url)

    def enter(self, scenario_id: str) -> KafkaClient:
        """Returns a client whose topics are not there yet; they are made on first mention."""
        if self._cluster is None:
            raise RuntimeError("prepare() comes before enter()")
        client = KafkaClient(self._cluster, f"{self._run_id}.{scenario_id}", self._partitions)
        self._clients.append(client)
        return client

    def snapshot(self, client: KafkaClient) -> Snapshot:
        """Returns the events of the scenario's topics."""
        return events_of(client)

    def leave(self, client: KafkaClient) -> None:
        """Closes what the scenario opened and deletes its topics and groups."""
        self._clients.remove(client)
        client.close()

    def sweep(self, run_id: str) -> None:
        """Deletes the topics and groups of a run that was killed."""
        theirs = re.compile(rf".+\.{re.escape(run_id)}\.[^.]+")
        # A connection of its own: the one that scenarios use is not thread-safe.
        with closing(Cluster(self._endpoint.url)) as cluster:
            cluster.sweep(lambda name: theirs.fullmatch(name) is not None)

    def close(self) -> None:
        """Leaves what was not left yet, and disconnects."""
        with ExitStack() as stack:
            if self._cluster:
                stack.callback(self._cluster.close)
            for client in list(self._clients):
                stack.callback(self.leave, client)
