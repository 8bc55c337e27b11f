"""Makes the start cache of the broker's JVM, on a broker of its own; see `training`.

It is kept like all else that is kept, and listed by `python -m truestep cache`; so is why it could
not be made.
"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from hamcrest import anything
from kafka import KafkaConsumer

from truestep import polling
from truestep.cache import make_alone
from truestep.console import Console
from truestep.errors import ServiceError
from truestep.polling import eventually
from truestep.services.base import RunContext
from truestep.services.kafka.embedded import EmbeddedKafka
from truestep.services.kafka.jvm import BrokerJvm
from truestep.services.kafka.service import KafkaService
from truestep.settings import Backend
from truestep.settings.reading import read_settings
from truestep.workspace import Workspace

# It gets what time others leave.
_PATIENCE = 10.0
_WRITES_WITHIN_S = 900.0
_TOPIC = "training"


def make_start_cache(cache: Path) -> None:
    """Makes the start cache, unless it is there or another process is making it.

    Raises:
        TruestepError: it could not be made.
    """
    polling.configure(scale=_PATIENCE)
    with ExitStack() as undo:
        workspace = Workspace()
        undo.callback(workspace.close)
        root = workspace.folder("training")
        context = RunContext(secrets.token_hex(3), root, cache, workspace, Console())
        settings = read_settings(
            {KafkaService.name: KafkaService.keys}, folder=root, environment={}, userdata={}
        )
        service = KafkaService(settings.services[KafkaService.name], context)
        recipe = EmbeddedKafka(service.values, context).find_jvm().start_cache_recipe()
        make_alone(cache, recipe, partial(_train, service, undo))


class _TrainedKafka(EmbeddedKafka):
    """A broker whose JVM writes a start cache when it ends."""

    _stop_by = signal.SIGTERM
    _stop_within_s = _WRITES_WITHIN_S

    def __init__(self, service: KafkaService, folder: Path) -> None:
        super().__init__(service.values, service.context)
        self._folder = folder

    def end(self) -> None:
        """Ends the broker, and waits until the start cache is written.

        Raises:
            ServiceError: it is not, with what the JVM said.
        """
        if self._process:
            self._process.stop()
        if not any(self._folder.iterdir()):
            raise ServiceError(
                "the start cache of kafka (embedded) was not made",
                seen=f"the broker {self.death()}, and wrote none",
                looked=f"its last log lines:\n{self.log_tail()}",
                remedy="runs do without it; -D kafka.training=no stops the tries",
            )

    def _options(self, jvm: BrokerJvm) -> Sequence[str]:
        return jvm.making_start_cache(self._folder)


def _train(service: KafkaService, undo: ExitStack, folder: Path) -> None:
    """Does what runs do, so that the classes for it are among those that are kept."""
    broker = _TrainedKafka(service, folder)
    undo.callback(broker.stop)
    broker.check()
    endpoint = broker.start()
    eventually(
        lambda: service.probe(endpoint),
        anything(),
        what="the broker",
        within_s=service.values["start_within_s"],
        retry_on=service.not_ready(),
    )
    isolation = service.isolation(endpoint, Backend.EMBEDDED)
    isolation.prepare()
    undo.callback(isolation.close)
    client = isolation.enter("training")
    client.publish(_TOPIC, "event")
    client.events(_TOPIC)
    with KafkaConsumer(
        client.topic(_TOPIC),
        bootstrap_servers=endpoint.url,
        group_id=_TOPIC,
        auto_offset_reset="earliest",
    ) as consumer:
        next(consumer)
    isolation.leave(client)
    broker.end()
