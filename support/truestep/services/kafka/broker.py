"""What a broker that serves one test run alone is told, embedded and in docker alike."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HEAP = "192m"

# Whatever Kafka spreads over machines, or puts off to be kind to a busy cluster, is one and now.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # The controller writes what it decides at once, not after 25 ms in which more may come.
        "controller.quorum.append.linger.ms": "0",
        # A misspelt topic is an error, not a new topic.
        "auto.create.topics.enable": "false",
        "num.network.threads": "1",
        "num.io.threads": "2",
        "background.threads": "1",
        # The smallest that is accepted; the default takes 128 MiB of the heap.
        "log.cleaner.dedupe.buffer.size": "2097152",
        # Deleted topics leave memory and disk soon, not after a minute.
        "log.segment.delete.delay.ms": "1000",
    }
)
