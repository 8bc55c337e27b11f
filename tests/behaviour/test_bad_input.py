"""Each kind of bad input is refused before anything starts, in words that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machine import refusing_port, taken_port
from tests.project import Project, Run


def refusal(run: Run) -> str:
    """The error that the run ended with, up to behave's own words."""
    assert run.code == 1, run.out + run.err
    assert "Traceback" not in run.out + run.err
    assert " need" not in run.err, "the header was printed, so something was started"
    _, _, text = run.out.partition("HOOK-ERROR in before_all: ")
    return text.partition("\n\n")[0].strip()


OPTIONS = {
    "unknown backend": (
        ["-D", "backend=dokcer"],
        """SettingsError: the value 'dokcer' of backend is not valid: \
it is one of auto, docker, embedded, external; the nearest is 'docker'
  Looked at: -D backend=dokcer
  Try: see what it is for: who provides the services""",
    ),
    "unknown service": (
        ["-D", "postgress.image=postgres:17"],
        """SettingsError: the service 'postgress' is unknown: the nearest valid one is 'postgres'
  Looked at: -D postgress.image=postgres:17
  Try: use one of kafka, postgres, redis""",
    ),
    "unknown setting": (
        ["-D", "redis.imag=redis:8"],
        """SettingsError: the setting 'imag' of redis is unknown: the nearest valid one is 'image'
  Looked at: -D redis.imag=redis:8
  Try: use one of allow_reset, backend, databases, image, port, start_within_s, url""",
    ),
    "unknown general setting": (
        ["-D", "backnd=docker"],
        """SettingsError: the setting 'backnd' of truestep is unknown: \
the nearest valid one is 'backend'
  Looked at: -D backnd=docker
  Try: use one of backend, cache, evidence, hide, jobs, keep_runs, lifetime, order, repeat, \
reports, retries, reuse, seed, shard, timeout_s, timings, wait_scale""",
    ),
    "unknown lifetime": (
        ["-D", "lifetime=week"],
        """SettingsError: the value 'week' of lifetime is not valid: \
it is one of run, feature, scenario; the nearest is 'feature'
  Looked at: -D lifetime=week
  Try: see what it is for: how long a started service lives""",
    ),
    "waiting scaled by nonsense": (
        ["-D", "wait_scale=-1"],
        """SettingsError: the value '-1' of wait_scale is not valid: it is not a number above 0
  Looked at: -D wait_scale=-1
  Try: see what it is for: multiplies every waiting time, for slow machines""",
    ),
    "external without a URL": (
        ["-D", "redis.backend=external"],
        """SettingsError: redis was asked to be external: no URL says where it is
  Looked at: -D redis.backend=external
  Try: give it: -D redis.url=… or TRUESTEP_REDIS_URL""",
    ),
    "malformed Redis URL": (
        ["-D", "redis.url=localhost:6379"],
        """SettingsError: the value 'localhost:6379' of redis.url is not valid: \
it is not a URL like redis://host:6379/0
  Looked at: -D redis.url=localhost:6379
  Try: see what it is for: where an external one is: redis://host:6379/0""",
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_option_is_refused_before_anything_starts(notes: Project, case: str) -> None:
    options, expected = OPTIONS[case]
    assert refusal(notes.behave(*options)) == expected


def test_unknown_service_section_is_refused(notes: Project) -> None:
    notes.write("behave.ini", "[behave]\npaths = features\n[service.reddis]\nimage = redis:8\n")
    assert refusal(notes.behave()) == (
        "SettingsError: the service 'reddis' is unknown: the nearest valid one is 'redis'\n"
        "  Looked at: the section [service.reddis] of behave.ini\n"
        "  Try: use one of kafka, postgres, redis"
    )


def test_unknown_variable_of_the_environment_is_refused(notes: Project) -> None:
    run = notes.behave(environment={"TRUESTEP_REDIS_IMAG": "redis:8"})
    assert refusal(run) == (
        "SettingsError: the setting 'imag' of redis is unknown: the nearest valid one is 'image'\n"
        "  Looked at: the environment's TRUESTEP_REDIS_IMAG\n"
        "  Try: use one of allow_reset, backend, databases, image, port, start_within_s, url"
    )


def test_command_line_beats_environment_beats_file(notes: Project) -> None:
    notes.write("behave.ini", "[behave]\npaths = features\n[service.redis]\nport = no\n")
    assert "Looked at: [service.redis] port in behave.ini" in refusal(notes.behave())
    variable = {"TRUESTEP_REDIS_PORT": "nope"}
    run = notes.behave(environment=variable)
    assert "Looked at: the environment's TRUESTEP_REDIS_PORT" in refusal(run)
    run = notes.behave("-D", "redis.port=never", environment=variable)
    assert "Looked at: -D redis.port=never" in refusal(run)


def test_options_that_look_like_none_of_ours_belong_to_the_user(notes: Project) -> None:
    run = notes.behave("-D", "customer=Ada", "-D", "shop.region=eu", "--tags=@redis")
    assert run.code == 0, run.out + run.err


TAGS = {
    "@lifetime.weekly": """TagError: the tag @lifetime.weekly is unknown: \
lifetime is one of run, feature, scenario
  Looked at: features/tagged.feature:3
  Try: write @lifetime.feature""",
    "@isolation.privat": """TagError: the tag @isolation.privat is unknown: \
isolation is one of private
  Looked at: features/tagged.feature:3
  Try: write @isolation.private""",
    "@lifetime.run @lifetime.scenario": """TagError: \
the lifetime of a scenario is asked for twice: @lifetime.run and @lifetime.scenario
  Looked at: features/tagged.feature:3
  Try: keep one of them; a tag on the feature also counts for its scenarios""",
}


@pytest.mark.parametrize("tags", TAGS)
def test_bad_tag_is_refused(notes: Project, tags: str) -> None:
    notes.write(
        "features/tagged.feature",
        f'Feature: Tagged\n  {tags} @redis\n  Scenario: One\n    Then the key "k" does not exist\n',
    )
    assert refusal(notes.behave()) == TAGS[tags]


def test_server_that_refuses_is_named_before_others_start(notes: Project) -> None:
    with refusing_port() as port:
        url = f"redis://:hush@127.0.0.1:{port}/0"
        text = refusal(notes.behave("-D", f"redis.url={url}", "-D", "redis.backend=external"))
    shown = url.replace("hush", "***")
    assert text.startswith("ServiceError: redis (external) does not answer: ConnectionError: ")
    assert f"Looked at: {shown}, from -D redis.url={shown}" in text
    assert "Try: start that server, correct the URL, or leave it out" in text


def test_taken_port_is_refused(notes: Project) -> None:
    with taken_port() as port:
        assert refusal(notes.behave("-D", f"redis.port={port}")) == (
            f"BackendUnavailableError: redis cannot have the port {port}: Address already in use\n"
            f"  Looked at: 127.0.0.1:{port}\n"
            "  Try: stop what listens there, or leave redis.port out: a free one is picked"
        )


def test_cache_that_cannot_be_written_is_refused(notes: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "cache"
    text = refusal(notes.behave("-D", f"cache={cache}"))
    assert text == (
        "BackendUnavailableError: the data folder of postgres (embedded) cannot be kept: "
        "Not a directory\n"
        f"  Looked at: {cache}/postgres\n"
        "  Try: check space and permissions there, or name another folder: -D cache=FOLDER"
    )
