"""Kafka as a local process: one broker that is its own controller, on a JVM."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from truestep.errors import ServiceError
from truestep.polling import pause, pauses, scaled
from truestep.services import artifacts
from truestep.services.base import Endpoint, RunContext
from truestep.services.cloning import clone
from truestep.services.kafka import broker
from truestep.services.kafka.formatting import PROPERTIES, formatted_folder
from truestep.services.kafka.java import find_java
from truestep.services.local import LocalProvider
from truestep.services.processes import LOOPBACK, ServerProcess
from truestep.settings import Values

_LOCK = Path(__file__).with_name("kafka.lock.toml")

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
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.kafka.network.DataPlaneAcceptor=info",
    "-Dorg.slf4j.simpleLogger.log.kafka.network.SocketServer=info",
)

# The controller's listener logs the same, but is not called BROKER.
_PORT = re.compile(
    r"Awaiting socket connections on 127\.0\.0\.1:(?P<port>\d+)\.\s"
    r"(?:(?!Awaiting socket connections).)*?listenerType=BROKER",
    re.DOTALL,
)


@dataclass(frozen=True)
class _Parts:
    """All that a start needs, found and fetched."""

    java: Path
    jars: Sequence[Path]
    formatted: Path


class EmbeddedKafka(LocalProvider):
    """Runs one broker on loopback, from a copy of a folder that was formatted once."""

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("kafka", values, context)
        self._parts: _Parts | None = None

    @property
    def version(self) -> str:
        """The version of Kafka that is locked: `4.4.0`."""
        return next(
            one.version for one in artifacts.locked_artifacts(_LOCK) if one.name == "kafka_2.13"
        )

    def check(self) -> None:
        """Finds Java, downloads and formats what is missing; refuses a port that is taken."""
        super().check()
        self._parts = self._find_parts()

    def start(self) -> Endpoint:
        """Starts the broker; with no fixed port, waits until it has logged the one it got."""
        parts = self._parts or self._find_parts()
        folder = self._new_scratch()
        clone(parts.formatted, folder / "data")
        configuration = folder / "server.properties"
        configuration.write_text(PROPERTIES.format(port=self._values["port"] or 0))
        classpath = os.pathsep.join(map(str, parts.jars))
        self._process = ServerProcess(
            "kafka",
            [
                str(parts.java),
                *_JVM,
                *_LOGGING,
                "-cp",
                classpath,
                "kafka.Kafka",
                configuration.name,
            ],
            workspace=self._context.workspace,
            log=folder / "kafka.log",
        )
        self._process.start()
        port = self._values["port"] or self._wait_for_port(self._process)
        return Endpoint(LOOPBACK, port, f"{LOOPBACK}:{port}")

    def _find_parts(self) -> _Parts:
        java = find_java()
        version, cache = self.version, self._context.cache
        jars = artifacts.fetch(
            _LOCK,
            what=f"Kafka {version}",
            version=version,
            service="kafka",
            cache=cache,
            console=self._context.console,
        )
        return _Parts(java, jars, formatted_folder(java, jars, version=version, cache=cache))

    def _wait_for_port(self, process: ServerProcess) -> int:
        limit_s = scaled(self._values["start_within_s"])
        give_up = time.monotonic() + limit_s
        for seconds in pauses():
            # Asked first, so that a log that ends here is read to its end.
            death = process.death()
            found = _PORT.search(process.log_text())
            if found:
                return int(found["port"])
            if death or time.monotonic() > give_up:
                raise ServiceError(
                    f"kafka (embedded) {'did not start' if death else 'did not open its port'}",
                    seen=death or f"nothing in its log after {limit_s:g} s",
                    looked=f"its last log lines:\n{process.log_tail()}",
                    remedy="mend what the log says, or see: python -m truestep doctor",
                )
            pause(seconds)
        raise AssertionError("unreachable: pauses() never ends")
