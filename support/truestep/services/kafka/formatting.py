"""The broker's data folder, formatted once and kept: formatting costs a second of JVM."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path

from truestep.cache import Recipe, keep
from truestep.errors import ServiceError
from truestep.services.kafka import broker
from truestep.services.kafka.jvm import BrokerJvm
from truestep.services.processes import LOOPBACK, run_to_end

_FORMATS_WITHIN_S = 120
_DATA = "data"

# Of the whole broker; the folder is relative to where its JVM is started.
PROPERTIES = "\n".join(
    [
        "process.roles=broker,controller",
        "node.id=1",
        f"listeners=PLAINTEXT://{LOOPBACK}:{{port}},CONTROLLER://{LOOPBACK}:0",
        "controller.listener.names=CONTROLLER",
        f"controller.quorum.bootstrap.servers={LOOPBACK}:0",
        f"log.dirs={_DATA}",
        "share.coordinator.state.topic.num.partitions=1",
        "share.coordinator.state.topic.replication.factor=1",
        "share.coordinator.state.topic.min.isr=1",
        *(f"{key}={value}" for key, value in broker.SETTINGS.items()),
        "",
    ]
)


def formatted_folder(jvm: BrokerJvm, cache: Path) -> Path:
    """Returns a formatted data folder to copy from; formats it when it is not in the cache yet.

    Raises:
        BackendUnavailableError: the cache cannot be written.
        ServiceError: Kafka cannot format a folder.
    """
    recipe = Recipe("kafka", "formatted folder", jvm.version, (PROPERTIES,))
    return keep(cache, recipe, lambda folder: _format(jvm, folder)) / _DATA


def _format(jvm: BrokerJvm, folder: Path) -> None:
    properties = folder / "server.properties"
    properties.write_text(PROPERTIES.format(port=0))
    command = [
        *(str(jvm.java), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
        *("-Djava.io.tmpdir=.", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
        *("-cp", os.pathsep.join(map(str, jvm.jars)), "kafka.tools.StorageTool", "format"),
        *("--cluster-id", _cluster_id(), "--config", properties.name, "--standalone"),
    ]
    _run(command, folder)
    properties.unlink()


def _run(command: list[str], folder: Path) -> None:
    try:
        done = run_to_end(command, folder=folder, within_s=_FORMATS_WITHIN_S)
    except subprocess.TimeoutExpired:
        seen, looked = f"not done after {_FORMATS_WITHIN_S} s", command[0]
    except OSError as error:
        seen, looked = str(error.strerror or error), command[0]
    else:
        if done.returncode == 0:
            return
        seen = f"exited with code {done.returncode}"
        looked = f"its last lines:\n{_tail(done.stdout)}"
    raise ServiceError(
        "kafka (embedded) could not format its data folder",
        seen=seen,
        looked=looked,
        remedy="mend that, or use -D kafka.backend=docker",
    )


def _cluster_id() -> str:
    # Kafka's form of a UUID; one that begins with a dash would look like an option.
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "_")


def _tail(text: str, lines: int = 20) -> str:
    return "\n".join(text.splitlines()[-lines:]) or "(it said nothing)"
