"""The command that runs a broker, and the start cache of its JVM.

A start cache holds the broker's classes as the JVM has them in memory once it runs: loaded, linked
and, from Java 25 on, with what the JVM has learnt about them. A broker that is told so before it
starts makes it when it ends; see `trainer`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from truestep.cache import Recipe, find
from truestep.services.kafka import broker
from truestep.services.kafka.java import fingerprint, java_version

# Ahead-of-time caches that are made in one go; class-data sharing before.
_AOT_SINCE = 25
_FILE = "kafka.start-cache"

# A small heap, one collector thread, and no optimising compiler: it starts sooner than it would
# pay off. Nothing is written outside of the broker's own folder.
_JVM = (
    f"-Xmx{broker.HEAP}",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.io.tmpdir=.",
    "-Djava.net.preferIPv4Stack=true",
)

# Warnings only, but for the two loggers that tell which port the broker got.
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.log.kafka.network.DataPlaneAcceptor=info",
    "-Dorg.slf4j.simpleLogger.log.kafka.network.SocketServer=info",
)


@dataclass(frozen=True)
class BrokerJvm:
    """A JVM with a broker in it, not started.

    Args:
        java: the java program.
        jars: Kafka's class path.
        version: the version of Kafka.
    """

    java: Path
    jars: Sequence[Path]
    version: str

    def command(self, configuration: str, options: Sequence[str] = ()) -> list[str]:
        """Returns what runs the broker, with these further options of the JVM."""
        classpath = os.pathsep.join(map(str, self.jars))
        return [
            *(str(self.java), *_JVM, *options, *_LOGGING),
            *("-cp", classpath, "kafka.Kafka", configuration),
        ]

    def start_cache(self, cache: Path) -> Path | None:
        """Returns the start cache; None when there is none yet, or not for this java and jars."""
        found = find(cache, self.start_cache_recipe())
        return found / _FILE if found else None

    def start_cache_recipe(self) -> Recipe:
        """Returns what a start cache depends on: a JVM refuses one that was made with another."""
        stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.jars]
        settings = (fingerprint(self.java), *_JVM, *_LOGGING, *map(str, stamps))
        return Recipe("kafka", "start cache", self.version, settings)

    def with_start_cache(self, file: Path) -> list[str]:
        """Returns the options that use a start cache."""
        if self._has_aot():
            # It says which of its shortcuts it cannot take, and does without.
            return [f"-XX:AOTCache={file}", "-Xlog:aot*=off"]
        return [f"-XX:SharedArchiveFile={file}", "-Xlog:cds*=off"]

    def making_start_cache(self, folder: Path) -> list[str]:
        """Returns the options that make a start cache in `folder` when the broker has ended."""
        if self._has_aot():
            return [f"-XX:AOTCacheOutput={folder / _FILE}"]
        return [f"-XX:ArchiveClassesAtExit={folder / _FILE}"]

    def _has_aot(self) -> bool:
        return (java_version(self.java) or 0) >= _AOT_SINCE
