"""The start cache of the broker's JVM: made once, after a run, by who disturbs nobody."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hamcrest import equal_to, has_length, not_none

from tests.contract.conftest import new_run, start
from tests.contract.test_kafka import _with_downloads
from tests.machine import listening_on, lives
from truestep.housekeeping import kept
from truestep.polling import StopPolling, eventually
from truestep.services.kafka.training import TRAINER, train_in_background
from truestep.settings import Backend
from truestep.start import RunningService


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache of the test's own; no trainer of it outlives the test."""
    with new_run(tmp_path) as run:
        folder = _with_downloads(tmp_path / "cache", run.cache)
    yield folder
    for trainer in _trainers(folder):
        trainer.kill()
    _reap()


def test_after_the_first_run_a_start_cache_is_made_and_used_from_then_on(
    cache: Path, tmp_path: Path
) -> None:
    with new_run(tmp_path) as run:
        with start("kafka", Backend.EMBEDDED, replace(run, cache=cache)) as server:
            assert "-XX:AOTCache" not in _command(server)
        assert _trainers(cache) == []
    [trainer] = _trainers(cache)
    eventually(trainer.nice, equal_to(19), what="its niceness", within_s=240)
    assert os.getsid(trainer.pid) != os.getsid(0)
    # Until then the second one may overtake it, and be the one that makes it.
    _broker_of(trainer)
    train_in_background(cache)
    eventually(lambda: _trainers(cache), equal_to([trainer]), what="trainers", within_s=240)

    def start_cache() -> str | None:
        if not lives(trainer):
            found = [one.what for one in kept(cache) if one.what == "start cache"]
            if not found:
                raise StopPolling(f"the trainer has ended, and there is {kept(cache)}")
            return found[0]
        return None

    # It only gets the time that others leave.
    eventually(start_cache, not_none(), what="the start cache", within_s=2400)
    with (
        new_run(tmp_path) as run,
        start("kafka", Backend.EMBEDDED, replace(run, cache=cache)) as server,
    ):
        assert f"-XX:AOTCache={cache / 'kafka/start-cache-'}" in _command(server)
    assert _trainers(cache) == []


def test_a_trainer_that_is_killed_leaves_no_broker_behind(cache: Path) -> None:
    train_in_background(cache)
    [trainer] = eventually(lambda: _trainers(cache), has_length(1), what="trainers", within_s=240)
    broker = _broker_of(trainer)
    trainer.send_signal(signal.SIGKILL)
    eventually(
        lambda: lives(broker),
        equal_to(False),
        what="whether the broker runs",
        within_s=240,
    )


def _command(server: RunningService) -> str:
    [broker] = listening_on(server.endpoint.port)
    return " ".join(broker.cmdline())


def _trainers(cache: Path) -> list[psutil.Process]:
    return _with_argument(str(cache), _with_argument(TRAINER, psutil.process_iter()))


def _broker_of(trainer: psutil.Process) -> psutil.Process:
    [broker] = eventually(
        lambda: _with_argument("kafka.Kafka", trainer.children()),
        has_length(1),
        what="brokers of the trainer",
        within_s=240,
    )
    return broker


def _with_argument(argument: str, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        # It may end, or be a zombie, at any time.
        with suppress(psutil.Error):
            if argument in process.cmdline():
                found.append(process)
    return found


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
