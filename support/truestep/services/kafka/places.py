"""What both isolations have in common: the cluster, and a client for each scenario."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import ExitStack

from truestep.evidence import Snapshot
from truestep.services.base import Endpoint, Isolation
from truestep.services.kafka.client import KafkaClient
from truestep.services.kafka.cluster import Cluster
from truestep.services.kafka.snapshot import events_of
from truestep.services.kafka.watch import Watch


class KafkaPlaces(Isolation):
    """Gives each scenario a client, over connections that all of them use.

    Args:
        endpoint: the cluster.
        partitions: how many a topic has that is made on first mention.
    """

    def __init__(self, endpoint: Endpoint, partitions: int) -> None:
        self._endpoint = endpoint
        self._partitions = partitions
        self._cluster: Cluster | None = None
        self._clients: list[KafkaClient] = []
        self._watch = Watch(endpoint.url)

    def prepare(self) -> None:
        """Connects."""
        self._cluster = Cluster(self._endpoint.url)

    def enter(self, scenario_id: str) -> KafkaClient:
        """Returns a client that sees nothing of what was there before."""
        if self._cluster is None:
            raise RuntimeError("prepare() comes before enter()")
        client = self._client(self._cluster, scenario_id)
        self._clients.append(client)
        return client

    def snapshot(self, client: KafkaClient) -> Snapshot:
        """Returns the events of the scenario's topics."""
        return events_of(client)

    def leave(self, client: KafkaClient) -> None:
        """Closes what the scenario opened, and lets go of its topics.

        Raises:
            OSError: the server does not answer any more.
        """
        self._clients.remove(client)
        client.close()
        self._watch.raise_if_gone()

    def close(self) -> None:
        """Leaves what was not left yet, and disconnects."""
        with ExitStack() as stack:
            stack.callback(self._watch.close)
            if self._cluster:
                stack.callback(self._cluster.close)
            for client in list(self._clients):
                stack.callback(self.leave, client)

    @abstractmethod
    def _client(self, cluster: Cluster, scenario_id: str) -> KafkaClient:
        """Makes the client of a scenario."""
