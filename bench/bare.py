"""Servers as anyone starts them by hand: the limits that ours cannot be faster than.

They run the same programs on the same kept files, with nothing around them: no settings, no proof
of readiness but the first work itself, no isolation, no log that is read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import first_use
import psycopg2
import redis
from servers import run_context, service

from truestep.polling import pause, pauses
from truestep.services.base import RunContext
from truestep.services.cloning import clone
from truestep.services.kafka.embedded import EmbeddedKafka
from truestep.services.kafka.formatting import PROPERTIES, formatted_folder
from truestep.services.kafka.jvm import BrokerJvm
from truestep.services.kafka.readiness import shake_hands
from truestep.services.kafka.training import TRAINER
from truestep.services.postgres.cluster import kept_cluster
from truestep.services.postgres.programs import ENVIRONMENT, programs, server_user
from truestep.services.postgres.url import DEFAULT_USER, login_url
from truestep.services.processes import LOOPBACK, Login, free_port, login, owner_ids
from truestep.services.redis.embedded import find_program
from truestep.settings import Backend
from truestep.workspace import OWNER_VARIABLE

_PROPERTIES = "server.properties"
_CLUSTER = "bm90aGluZ2J1dGFibGFuaw"
_FORMAT = ("format", "--cluster-id", _CLUSTER, "--config", _PROPERTIES, "--standalone")
_LOOKS_EVERY_S = 0.001


def postgres() -> float:
    """Returns the seconds from nothing to the first query: the folder copied, the server run."""
    with run_context() as context, ExitStack() as undo:
        cluster, user = kept_cluster(context), server_user()
        folder, port = context.workspace.folder("bare-postgres"), free_port()
        program = programs(folder, user) / "postgres"
        folder.chmod(0o755)
        url = login_url(DEFAULT_USER, cluster.password, LOOPBACK, port, DEFAULT_USER)
        began = perf_counter()
        clone(cluster.data, folder / "data", owner_ids(user))
        command = [
            *(str(program), "-D", str(folder / "data"), f"--port={port}"),
            *("--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"),
        ]
        _run(undo, command, folder, login(user))
        _until(lambda: first_use.query(url, undo), psycopg2.OperationalError)
        return perf_counter() - began


def redis_server() -> float:
    """Returns the seconds from nothing to PONG: the program executed."""
    with run_context() as context, ExitStack() as undo:
        program = find_program(context)
        folder, port = context.workspace.folder("bare-redis"), free_port()
        began = perf_counter()
        command = [str(program), "--bind", LOOPBACK, "--port", str(port), "--save", ""]
        _run(undo, command, folder)
        url = f"redis://{LOOPBACK}:{port}"
        _until(lambda: first_use.ping(url, undo), redis.ConnectionError)
        return perf_counter() - began


def kafka() -> float:
    """Returns the seconds from nothing to an event consumed: java with its start cache."""
    with run_context() as context, ExitStack() as undo:
        jvm = _jvm(context)
        start_cache = jvm.start_cache(context.cache)
        if start_cache is None:
            subprocess.run([sys.executable, "-m", TRAINER, str(context.cache)], check=True)
            return kafka()
        formatted = formatted_folder(jvm, context.cache)
        folder, port = context.workspace.folder("bare-kafka"), free_port()
        began = perf_counter()
        clone(formatted, folder / "data")
        (folder / _PROPERTIES).write_text(PROPERTIES.format(port=port))
        _run(undo, jvm.command(_PROPERTIES, jvm.with_start_cache(start_cache)), folder)
        return _used(port, undo) - began


def kafka_plain() -> float:
    """Returns the same for a JVM that is told nothing, on a folder that is formatted each time."""
    with run_context() as context, ExitStack() as undo:
        jvm = _jvm(context)
        folder, port = context.workspace.folder("plain-kafka"), free_port()
        began = perf_counter()
        (folder / _PROPERTIES).write_text(PROPERTIES.format(port=port))
        plain = [part for part in jvm.command(_PROPERTIES) if not part.startswith("-X")]
        formatting = [*plain[:-2], "kafka.tools.StorageTool", *_FORMAT]
        subprocess.run(formatting, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        _run(undo, plain, folder)
        return _used(port, undo) - began


def _jvm(context: RunContext) -> BrokerJvm:
    provider = service("kafka", context).provider(Backend.EMBEDDED)
    if not isinstance(provider, EmbeddedKafka):
        raise TypeError(f"the embedded kafka is a {type(provider).__name__}")
    return provider.find_jvm()


def _used(port: int, undo: ExitStack) -> float:
    """Returns when the first event was consumed, on the clock of `perf_counter`."""
    servers = f"{LOOPBACK}:{port}"
    _until(lambda: shake_hands(servers), OSError)
    first_use.produce_and_consume(servers, undo)
    return perf_counter()


def _until(work: Callable[[], None], not_ready: type[BaseException]) -> None:
    for seconds in pauses(longest_s=_LOOKS_EVERY_S):
        try:
            work()
        except not_ready:
            pause(seconds)
        else:
            return


def _run(undo: ExitStack, command: Sequence[str], folder: Path, user: Login | None = None) -> None:
    server = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **ENVIRONMENT, OWNER_VARIABLE: str(folder.parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **(user or {}),
    )
    undo.callback(server.wait)
    undo.callback(server.terminate)
