"""first-step, first-step-kept, memory: the whole command, on a scenario that uses all three."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from measure import Bench, Contenders
from rows import AtMost, Faster, Question
from start_all import ready

from truestep.services.engine import engine_problem

_BEHAVE = (sys.executable, "-m", "behave")
_TRUESTEP = (sys.executable, "-m", "truestep")
_PEER = "testcontainers on docker, images local"
_MEMORY = re.compile(r"^memory: (\d+)$", re.MULTILINE)

_FEATURE = """\
@postgres @redis @kafka
Feature: Orders
  Scenario: An order is stored, cached and announced
    When an order is stored, cached and announced
"""
_NOTHING = """\
Feature: Nothing
  Scenario: No service is needed
    When nothing happens
"""
_INI = "[behave]\npaths = features\n"
_OUR_INI = f"{_INI}runner = truestep.runner:Runner\n[truestep]\nbackend = embedded\n"
_OUR_HOOKS = "from truestep.hooks import *\n"
_OUR_STEPS = """\
from behave import when
from measured import tell_memory


@when("an order is stored, cached and announced")
def order(context):
    with context.postgres.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id int)")
        cursor.execute("INSERT INTO orders VALUES (1)")
    context.redis.set("order", "1")
    context.kafka.publish("orders", "1")
    tell_memory([])
"""
_PEER_HOOKS = """\
import psycopg2
import redis
from kafka import KafkaAdminClient, KafkaProducer
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer


def before_all(context):
    context.containers = []
    postgres = start(context, PostgresContainer("postgres:16-alpine"))
    context.postgres = psycopg2.connect(postgres.get_connection_url(driver=None))
    cache = start(context, RedisContainer("redis:7-alpine"))
    address = cache.get_container_host_ip(), cache.get_exposed_port(6379)
    context.redis = redis.Redis(*address)
    kafka = start(context, KafkaContainer("confluentinc/cp-kafka:7.6.0").with_kraft())
    servers = kafka.get_bootstrap_server()
    KafkaAdminClient(bootstrap_servers=servers).create_topics({"orders": {"num_partitions": 1}})
    context.kafka = KafkaProducer(bootstrap_servers=servers)


def start(context, container):
    container.start()
    context.add_cleanup(container.stop)
    context.containers.append(container)
    return container
"""
_PEER_STEPS = """\
from behave import when
from measured import tell_memory


@when("an order is stored, cached and announced")
def order(context):
    with context.postgres.cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id int)")
        cursor.execute("INSERT INTO orders VALUES (1)")
    context.redis.set("order", "1")
    context.kafka.send("orders", b"1").get(30)
    wrapped = [container.get_wrapped_container() for container in context.containers]
    for one in wrapped:
        one.reload()
    tell_memory([one.attrs["State"]["Pid"] for one in wrapped])
"""
_NO_STEPS = """\
from behave import when


@when("nothing happens")
def nothing(context):
    pass
"""
# Proportional: what processes share counts once.
_MEASURED = """\
import os


def tell_memory(pids):
    if "MEASURE_MEMORY" not in os.environ:
        return
    import psutil

    roots = [psutil.Process(pid) for pid in [os.getpid(), *pids]]
    processes = {one for root in roots for one in [root, *root.children(recursive=True)]}
    print("memory:", sum(process.memory_full_info().pss for process in processes))
"""


def _ours(folder: Path) -> Path:
    return _project(folder / "ours", _OUR_INI, _FEATURE, _OUR_STEPS, _OUR_HOOKS)


def _peers(folder: Path) -> Path:
    return _project(folder / "peer", _INI, _FEATURE, _PEER_STEPS, _PEER_HOOKS)


def _project(folder: Path, ini: str, feature: str, steps: str, hooks: str | None = None) -> Path:
    for part in ("features", "steps"):
        (folder / part).mkdir(parents=True)
    (folder / "behave.ini").write_text(ini)
    (folder / "features" / "one.feature").write_text(feature)
    (folder / "steps" / "one_steps.py").write_text(steps)
    (folder / "measured.py").write_text(_MEASURED)
    if hooks:
        (folder / "environment.py").write_text(hooks)
    return folder


def _run(command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRUESTEP_")}
    own |= {"PYTHONPATH": str(folder), **(more or {})}
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _seconds(command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> float:
    began = perf_counter()
    _run(command, folder, more)
    return perf_counter() - began


def _bytes(folder: Path) -> float:
    told = _MEMORY.search(_run((*_BEHAVE, "--no-capture"), folder, {"MEASURE_MEMORY": "1"}))
    if told is None:
        raise RuntimeError("the run has told of no memory")
    return float(told[1])


@contextmanager
def _first_step() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as name:
        folder = Path(name)
        ours, peer = _ours(folder), _peers(folder)

        def limit() -> float:
            return _seconds((sys.executable, "-c", "import behave"), folder) + ready(["kafka"])

        yield Contenders(
            partial(_seconds, _BEHAVE, ours),
            partial(_seconds, _BEHAVE, peer),
            {"import behave, and kafka alone": limit},
        )


@contextmanager
def _kept() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as name:
        folder = Path(name)
        ours, plain = _ours(folder), _project(folder / "plain", _INI, _NOTHING, _NO_STEPS)
        state = {"XDG_STATE_HOME": str(folder / "state")}
        _run((*_TRUESTEP, "up"), ours, state)
        try:
            yield Contenders(
                partial(_seconds, _BEHAVE, ours, state),
                limits={
                    "plain behave, a scenario without a service": partial(_seconds, _BEHAVE, plain)
                },
            )
        finally:
            _run((*_TRUESTEP, "down"), ours, state)


@contextmanager
def _memory() -> Iterator[Contenders]:
    with TemporaryDirectory(prefix="truestep-bench-") as name:
        ours, peer = _ours(Path(name)), _peers(Path(name))
        yield Contenders(partial(_bytes, ours), partial(_bytes, peer))


BENCHES: Sequence[Bench] = (
    Bench(
        Question(
            "first-step",
            "`behave` on one scenario with all three services, the whole command",
            "s",
            _PEER,
            Faster(3),
            AtMost(1.2),
        ),
        repeats=10,
        contenders=_first_step,
        peer_problem=engine_problem,
    ),
    Bench(
        Question(
            "first-step-kept",
            "the same after `python -m truestep up`",
            "s",
            goal=AtMost(2),
        ),
        repeats=10,
        contenders=_kept,
    ),
    Bench(
        Question(
            "memory",
            "resident memory of the three servers and behave, while a step runs",
            "MiB",
            _PEER,
            AtMost(0.7),
        ),
        repeats=10,
        contenders=_memory,
        peer_problem=engine_problem,
    ),
)
