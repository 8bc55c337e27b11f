"""Kafka as a local process: one broker that is its own controller, on a JVM."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from truestep.errors import ServiceError
from truestep.polling import pause, pauses, scaled
from truestep.services import artifacts
from truestep.services.base import Endpoint, RunContext
from truestep.services.cloning import clone
from truestep.services.kafka.formatting import PROPERTIES, formatted_folder
from truestep.services.kafka.java import find_java
from truestep.services.kafka.jvm import BrokerJvm
from truestep.services.kafka.training import train_in_background
from truestep.services.local import LocalProvider
from truestep.services.processes import LOOPBACK, ServerProcess
from truestep.settings import Values

_LOCK = Path(__file__).with_name("kafka.lock.toml")

# The controller's listener logs the same, but is not called BROKER.
_PORT = re.compile(
    r"Awaiting socket connections on 127\.0\.0\.1:(?P<port>\d+)\.\s"
    r"(?:(?!Awaiting socket connections).)*?listenerType=BROKER",
    re.DOTALL,
)


# Often: this is what a run waits for.
_LOOKS_EVERY_S = 0.01


class EmbeddedKafka(LocalProvider):
    """Runs one broker on loopback, from a copy of a folder that was formatted once."""

    # Its data goes with it: to write it down in order would take a third of a second.
    _stop_by = signal.SIGKILL
    _stop_within_s = 5.0

    def __init__(self, values: Values, context: RunContext) -> None:
        super().__init__("kafka", values, context)
        self._jvm: BrokerJvm | None = None

    @property
    def version(self) -> str:
        """The version of Kafka that is locked: `4.4.0`."""
        return next(
            one.version for one in artifacts.locked_artifacts(_LOCK) if one.name == "kafka_2.13"
        )

    def check(self) -> None:
        """Finds Java, downloads and formats what is missing; refuses a port that is taken."""
        super().check()
        self._jvm = self.find_jvm()
        formatted_folder(self._jvm, self._context.cache)

    def start(self) -> Endpoint:
        """Starts the broker; with no fixed port, waits until it has logged the one it got."""
        jvm = self._jvm or self.find_jvm()
        folder = self._new_scratch()
        clone(formatted_folder(jvm, self._context.cache), folder / "data")
        configuration = folder / "server.properties"
        configuration.write_text(PROPERTIES.format(port=self._values["port"] or 0))
        self._process = ServerProcess(
            "kafka",
            jvm.command(configuration.name, self._options(jvm)),
            workspace=self._context.workspace,
            log=folder / "kafka.log",
            stop_by=self._stop_by,
            stop_within_s=self._stop_within_s,
        )
        self._process.start()
        port = self._values["port"] or self._wait_for_port(self._process)
        return Endpoint(LOOPBACK, port, f"{LOOPBACK}:{port}")

    def _options(self, jvm: BrokerJvm) -> Sequence[str]:
        """Returns options of the JVM: those of its start cache, which is made later if need be."""
        start_cache = jvm.start_cache(self._context.cache)
        if start_cache:
            return jvm.with_start_cache(start_cache)
        if self._values["training"]:
            train = partial(train_in_background, self._context.cache)
            self._context.workspace.when_closed("kafka training", train)
        return ()

    def find_jvm(self) -> BrokerJvm:
        """Returns the JVM that the broker runs on; downloads its jars when they are missing.

        Raises:
            BackendUnavailableError: there is no Java, or no way to the jars.
        """
        version, cache = self.version, self._context.cache
        jars = artifacts.fetch(
            _LOCK,
            what=f"Kafka {version}",
            version=version,
            service="kafka",
            cache=cache,
            console=self._context.console,
        )
        return BrokerJvm(find_java(), jars, version)

    def _wait_for_port(self, process: ServerProcess) -> int:
        limit_s = scaled(self._values["start_within_s"])
        give_up = time.monotonic() + limit_s
        for seconds in pauses(longest_s=_LOOKS_EVERY_S):
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
