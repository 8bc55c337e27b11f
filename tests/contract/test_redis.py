"""The contract of the Redis service, over every provider."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import redis
from hamcrest import equal_to, none

from tests.contract.conftest import MakeService, Start
from tests.machine import (
    container_on,
    docker,
    listened_at,
    listening_on,
    lives,
    taken_port,
)
from truestep.errors import BackendUnavailableError, ServiceError
from truestep.polling import eventually
from truestep.services.base import Endpoint, Isolation, RunContext
from truestep.services.processes import free_port
from truestep.services.redis.client import connect
from truestep.services.redis.isolation import LeasedDatabases
from truestep.settings import Backend
from truestep.start import RunningService


@pytest.fixture
def server(shared: Start, backend: Backend) -> RunningService:
    return shared("redis", backend)


@pytest.fixture
def own_server(shared: Start, own_backend: Backend) -> RunningService:
    return shared("redis", own_backend)


def test_answers_and_tells_its_version(server: RunningService) -> None:
    with connect(server.endpoint) as client:
        assert client.ping()
        assert client.info("server")["redis_version"] == server.version
    assert server.provider.death() is None


def test_a_started_server_has_256_databases_and_keeps_nothing_on_disk(
    own_server: RunningService,
) -> None:
    with connect(own_server.endpoint) as client:
        assert client.config_get("databases") == {"databases": "256"}
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}


def test_nobody_gets_in_without_the_password(server: RunningService) -> None:
    without = server.endpoint.url.replace(f":{_password(server.endpoint)}@", "")
    stranger = connect(replace(server.endpoint, url=without))
    with stranger, pytest.raises(redis.AuthenticationError, match="already authenticated"):
        stranger.ping()


def test_the_password_is_in_no_command_line(server: RunningService) -> None:
    password = _password(server.endpoint)
    told = [
        process.pid
        for process in psutil.process_iter()
        if password in " ".join(_command_line(process))
    ]
    assert told == []


def test_is_reached_on_loopback_only(own_server: RunningService) -> None:
    assert own_server.endpoint.host == "127.0.0.1"
    assert listened_at(own_server.endpoint.port) == {"127.0.0.1"}


def test_two_servers_stand_side_by_side(running: Start, own_backend: Backend) -> None:
    one, other = running("redis", own_backend), running("redis", own_backend)
    with _scenario(one) as ours, _scenario(other) as theirs:
        ours.set("key", "ours")
        assert theirs.get("key") is None
    assert one.endpoint.port != other.endpoint.port


def test_stopping_an_embedded_server_leaves_no_process_and_no_folder(
    running: Start, run_context: RunContext
) -> None:
    server = running("redis", Backend.EMBEDDED)
    [process] = listening_on(server.endpoint.port)
    assert [folder.name.split("-")[0] for folder in run_context.workspace.root.iterdir()] == [
        "redis"
    ]
    server.provider.stop()
    assert not process.is_running()
    assert list(run_context.workspace.root.iterdir()) == []


def test_an_embedded_server_does_not_outlive_a_killed_run(tmp_path: Path) -> None:
    # Redis overwrites its arguments and its environment, so that little tells whose it is.
    script = (
        "import pathlib, signal, sys\n"
        "from tests.contract.conftest import Backend, new_run, start\n"
        f"with new_run(pathlib.Path({str(tmp_path)!r})) as run:\n"
        "    with start('redis', Backend.EMBEDDED, run) as server:\n"
        "        print(run.workspace.root, server.endpoint.port, flush=True)\n"
        "        signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder, port = run.stdout.readline().split()
        [server] = listening_on(int(port))
        run.kill()
        run.wait()
        eventually(lambda: lives(server), equal_to(False), what="whether it runs", within_s=2)
    eventually(Path(folder).exists, equal_to(False), what="its folder", within_s=2)


def test_a_killed_server_is_told_dead_at_once(running: Start, own_backend: Backend) -> None:
    server = running("redis", own_backend)
    if own_backend is Backend.DOCKER:
        docker("kill", container_on(server.endpoint.port)[0])
        seen = "the container exited with code 137"
    else:
        [process] = listening_on(server.endpoint.port)
        process.kill()
        seen = "killed by SIGKILL"
    # It is only asked to end, and does so a moment later.
    eventually(server.provider.death, equal_to(seen), what="its death")
    with pytest.raises(ServiceError) as error:
        server.raise_if_dead()
    assert error.value.what == f"redis ({own_backend}) died during the run"
    assert error.value.seen == seen
    assert "Ready to accept connections" in error.value.looked


@pytest.mark.docker
def test_a_container_that_ends_at_once_is_not_waited_for(running: Start) -> None:
    with pytest.raises(ServiceError) as error:
        running("redis", Backend.DOCKER, image="python:3.13-slim")
    assert error.value.seen == "the container exited with code 127"
    assert "docker-entrypoint.sh: not found" in error.value.looked


def test_a_fixed_port_is_used(running: Start, own_backend: Backend) -> None:
    port = free_port()
    assert running("redis", own_backend, port=str(port)).endpoint.port == port


def test_a_taken_port_is_refused_before_anything_starts(
    make_service: MakeService, own_backend: Backend
) -> None:
    with taken_port() as port, pytest.raises(BackendUnavailableError) as error:
        make_service("redis", port=str(port)).provider(own_backend).check()
    assert str(error.value) == (
        f"redis cannot have the port {port}: Address already in use\n"
        f"  Looked at: 127.0.0.1:{port}\n"
        "  Try: stop what listens there, or leave redis.port out: a free one is picked"
    )


def test_two_scenarios_never_meet(server: RunningService) -> None:
    with _scenario(server, "s1") as one, _scenario(server, "s2") as other:
        one.set("key", "one")
        other.set("key", "other")
        assert (one.get("key"), other.get("key")) == ("one", "other")
        one.flushdb()
        assert other.get("key") == "other"


def test_two_runs_at_once_never_lease_the_same_database(server: RunningService) -> None:
    runs = [LeasedDatabases(server.endpoint, run_id) for run_id in ("run-a", "run-b")]
    for run in runs:
        run.prepare()
    with ThreadPoolExecutor(len(runs)) as pool:
        leased = [client for clients in pool.map(_lease_twenty, runs) for client in clients]
    databases = [_database(client) for client in leased]
    assert sorted(set(databases)) == sorted(databases)
    assert 0 not in databases
    for run, clients in zip(runs, (leased[:20], leased[20:]), strict=True):
        for client in clients:
            run.leave(client)
        run.close()


def test_a_lease_is_freed_with_nothing_left_in_its_database(server: RunningService) -> None:
    with _scenario(server) as client:
        client.set("key", "value")
        database = _database(client)
    lease = f"truestep:lease:{database}"
    with connect(server.endpoint, database=0) as leases:
        eventually(lambda: leases.get(lease), none(), what="its lease")
    with connect(server.endpoint, database=database) as later:
        assert later.dbsize() == 0


def spoil(client: redis.Redis) -> None:
    """Leaves a client and its connections in every state that there is."""
    client.pubsub().subscribe("news")
    watching = client.pipeline()
    watching.watch("key")
    watching.multi()
    client.set_response_callback("GET", lambda _: "spoilt")
    for command in ("CLIENT SETNAME spoilt", "SELECT 0", "CLIENT TRACKING ON", "MULTI"):
        client.execute_command(*command.split())


def test_nothing_that_is_done_to_a_client_reaches_the_next_scenario(server: RunningService) -> None:
    for number in range(6):
        with _scenario(server, f"s{number}") as client:
            assert client.client_getname() in (None, "")
            assert _database(client) == int(client.connection_pool.connection_kwargs["db"])
            client.set("key", "own")
            assert client.get("key") == "own"
            spoil(client)


def test_what_is_still_written_after_a_scenario_is_seen_by_no_other_one(
    server: RunningService,
) -> None:
    with _scenario(server, "s0") as leaked:
        pass
    with leaked:
        for number in range(12):
            with _scenario(server, f"s{number}") as client:
                leaked.set("late", "from s0")
                assert client.keys() == []
        leaked.delete("late")


def test_a_scenario_that_flushes_all_databases_is_cleaned_up_like_any_other(
    running: Start,
) -> None:
    server = running("redis", Backend.EMBEDDED)
    with _scenario(server) as client:
        client.flushall()
        client.set("key", "value")
        database = _database(client)
    with connect(server.endpoint, database=database) as later:
        eventually(later.dbsize, equal_to(0), what="its keys")


def test_a_server_that_dies_is_noticed_by_who_leaves_and_by_who_enters(running: Start) -> None:
    server = running("redis", Backend.EMBEDDED)
    with _scenario(server, "s1"):
        pass
    client = server.isolation.enter("s2")
    [process] = listening_on(server.endpoint.port)
    process.kill()
    eventually(server.provider.death, equal_to("killed by SIGKILL"), what="its death")
    with pytest.raises(redis.ConnectionError):
        server.isolation.leave(client)
    with pytest.raises(redis.ConnectionError):
        server.isolation.enter("s3")


def test_a_connection_that_the_server_closed_while_it_was_idle_is_no_death(running: Start) -> None:
    server = running("redis", Backend.EMBEDDED)
    for number in range(3):
        with _scenario(server, f"s{number}") as client:
            client.client_kill_filter(_type="normal", skipme=True)
            assert client.ping()


def test_keys_that_are_not_ours_are_never_flushed(running: Start) -> None:
    server = running("redis", Backend.EXTERNAL, databases="4")
    for database in (0, 1, 3):
        with connect(server.endpoint, database=database) as owner:
            owner.set("theirs", "untouched")
    for number in range(3):
        with _scenario(server, f"s{number}") as client:
            assert _database(client) == 2
            client.set("ours", "value")
    for database in (0, 1, 3):
        with connect(server.endpoint, database=database) as owner:
            assert owner.keys() == ["theirs"]


def test_no_free_database_is_a_clear_error_until_one_is_freed(running: Start) -> None:
    server = running("redis", Backend.EMBEDDED, databases="3")
    isolation = server.isolation
    one, _other = isolation.enter("s1"), isolation.enter("s2")
    with pytest.raises(ServiceError) as error:
        isolation.enter("s3")
    assert str(error.value) == (
        "redis has no free database for this scenario: "
        "each one is leased by a run or holds keys that are not ours\n"
        f"  Looked at: all databases but 0 at redis://:***@127.0.0.1:{server.endpoint.port}/0\n"
        "  Try: start the server with more: --databases 256, or -D redis.databases=256"
    )
    isolation.leave(one)
    assert _database(isolation.enter("s3")) == _database(one)


def test_a_wrong_password_is_refused_with_a_remedy(
    server: RunningService, make_service: MakeService
) -> None:
    wrong = f"redis://:wrong-password@127.0.0.1:{server.endpoint.port}/0"
    service = make_service("redis", url=wrong)
    with pytest.raises(ServiceError) as error:
        service.probe(service.provider(Backend.EXTERNAL).start())
    assert str(error.value) == (
        "redis does not let us in: invalid username-password pair or user is disabled.\n"
        f"  Looked at: redis://:***@127.0.0.1:{server.endpoint.port}/0\n"
        "  Try: check the user, the password and the database in redis.url"
    )


def test_a_database_that_does_not_exist_is_refused(running: Start, server: RunningService) -> None:
    with pytest.raises(ServiceError, match="redis does not let us in: DB index is out of range"):
        running("redis", Backend.EXTERNAL, url=server.endpoint.url.replace("/0", "/9999"))


def test_a_url_that_nobody_answers_at_is_refused(running: Start, refusing: int) -> None:
    with pytest.raises(ServiceError) as error:
        running("redis", Backend.EXTERNAL, url=f"redis://127.0.0.1:{refusing}")
    assert error.value.what == "redis (external) does not answer"
    assert "Connection refused" in error.value.seen


@contextmanager
def _scenario(server: RunningService, scenario_id: str = "s1") -> Iterator[redis.Redis]:
    client = server.isolation.enter(scenario_id)
    yield client
    server.isolation.leave(client)


def _lease_twenty(isolation: Isolation) -> list[redis.Redis]:
    return [isolation.enter(f"s{number}") for number in range(20)]


def _database(client: redis.Redis) -> int:
    return int(client.client_info()["db"])


def _password(endpoint: Endpoint) -> str:
    found = re.search(r":([^:@/]+)@", endpoint.url)
    assert found is not None
    return found[1]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
