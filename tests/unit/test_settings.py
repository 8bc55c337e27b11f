"""Settings: where they may be written, what beats what, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from truestep.errors import SettingsError
from truestep.project import project_settings
from truestep.services.registry import service_keys
from truestep.settings import Backend, Order, Settings
from truestep.settings.reading import read_settings
from truestep.tags import Lifetime

NOTHING: Mapping[str, str] = {}
_NO_SHARD = "it is neither one of several like 2/5, counted from 1, nor auto or off"


def read(
    folder: Path, environment: Mapping[str, str] = NOTHING, userdata: Mapping[str, str] = NOTHING
) -> Settings:
    return read_settings(service_keys(), folder=folder, environment=environment, userdata=userdata)


def test_without_anything_written_the_defaults_count(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.backend("redis") == (Backend.AUTO, "the default")
    assert settings.lifetime is Lifetime.RUN
    assert settings.wait_scale == 1
    assert settings.services["redis"]["image"] == "redis:7-alpine"
    assert settings.services["redis"]["url"] is None
    assert settings.services["redis"]["port"] is None


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[service.redis]\nimage = redis:1\ndatabases = 10\n")
    environment = {"TRUESTEP_REDIS_IMAGE": "redis:2", "TRUESTEP_REDIS_DATABASES": "20"}
    values = read(tmp_path, environment, {"redis.image": "redis:3"}).services["redis"]
    assert values["image"] == "redis:3"
    assert values.origin("image") == "-D redis.image=redis:3"
    assert values["databases"] == 20
    assert values.origin("databases") == "the environment's TRUESTEP_REDIS_DATABASES"


def test_a_setting_of_one_service_beats_that_of_all(tmp_path: Path) -> None:
    settings = read(tmp_path, userdata={"backend": "docker", "kafka.backend": "embedded"})
    assert settings.backend("kafka") == (Backend.EMBEDDED, "-D kafka.backend=embedded")
    assert settings.backend("redis") == (Backend.DOCKER, "-D backend=docker")


def test_the_nearest_of_behaves_configuration_files_counts(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[truestep]\nbackend = docker\nlifetime = feature\n")
    (tmp_path / "behave.ini").write_text("[truestep]\nbackend = embedded\n")
    settings = read(tmp_path)
    assert settings.backend("redis") == (Backend.EMBEDDED, "[truestep] backend in behave.ini")
    assert settings.lifetime is Lifetime.FEATURE


def test_what_belongs_to_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[behave]\npaths = features\n[behave.userdata]\na = b\n")
    read(tmp_path, {"HOME": "/", "REDIS_URL": "x"}, {"browser": "firefox", "shop.url": "x"})


def test_an_unknown_key_on_the_command_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, userdata={"redis.imgae": "redis:7"})
    assert error.value.what == "the setting 'imgae' of redis is unknown"
    assert error.value.seen == "the nearest valid one is 'image'"
    assert error.value.looked == "-D redis.imgae=redis:7"
    assert "backend, databases, image, port, start_within_s, url" in error.value.remedy


def test_an_unknown_key_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[truestep]\nlifetme = run\n")
    with pytest.raises(SettingsError) as error:
        read(tmp_path)
    assert error.value.what == "the setting 'lifetme' of truestep is unknown"
    assert error.value.looked == "[truestep] lifetme in behave.ini"


def test_an_unknown_key_in_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, {"TRUESTEP_REDIS_IMAGES": "redis:7"})
    assert error.value.what == "the setting 'images' of redis is unknown"
    assert error.value.looked == "the environment's TRUESTEP_REDIS_IMAGES"


def test_an_unknown_service_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[service.postgras]\nimage = postgres:17\n")
    with pytest.raises(SettingsError) as error:
        read(tmp_path)
    assert error.value.what == "the service 'postgras' is unknown"
    assert error.value.seen == "the nearest valid one is 'postgres'"


def test_an_unknown_service_on_the_command_line_is_refused_when_it_is_nearly_one(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsError, match="the service 'postgress' is unknown"):
        read(tmp_path, userdata={"postgress.image": "postgres:17"})


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, userdata={"backend": "dokcer"})
    assert str(error.value) == (
        "the value 'dokcer' of backend is not valid: "
        "it is one of auto, docker, embedded, external; the nearest is 'docker'\n"
        "  Looked at: -D backend=dokcer\n"
        "  Try: see what it is for: who provides the services"
    )


@pytest.mark.parametrize(
    ("key", "value", "seen"),
    [
        ("redis.port", "0", "it is not a whole number from 1 to 65535"),
        ("redis.port", "65536", "it is not a whole number from 1 to 65535"),
        ("redis.databases", "many", "it is not a whole number from 1 to 10000"),
        ("redis.start_within_s", "0", "it is not a number above 0"),
        ("redis.start_within_s", "inf", "it is not a number above 0"),
        ("wait_scale", "-1", "it is not a number above 0"),
        ("jobs", "0", "it is neither a whole number from 1 to 1000 nor auto"),
        ("jobs", "all", "it is neither a whole number from 1 to 1000 nor auto"),
        ("order", "rnadom", "it is one of written, random; the nearest is 'random'"),
        ("seed", "-1", "it is not a whole number from 0 to 4294967295"),
        ("retries", "-1", "it is not a whole number from 0 to 100"),
        ("repeat", "0", "it is not a whole number from 1 to 100000"),
        ("timeout_s", "0", "it is not a number above 0"),
        ("shard", "0/5", _NO_SHARD),
        ("shard", "6/5", _NO_SHARD),
        ("shard", "2", _NO_SHARD),
        ("redis.image", "", "it is empty"),
        ("redis.url", "http://a", "it is not a URL like redis://host:6379/0"),
        ("redis.url", "redis://", "it is not a URL like redis://host:6379/0"),
        ("redis.url", "redis://a:port", "Port could not be cast to integer value as 'port'"),
        ("redis.url", "redis://a:70000", "Port out of range 0-65535"),
        (
            "redis.url",
            "redis://a/users",
            "the database 'users' is not a number, as in redis://host:6379/0",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    tmp_path: Path, key: str, value: str, seen: str
) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, userdata={key: value})
    assert error.value.what == f"the value {value!r} of {key} is not valid"
    assert error.value.seen == seen


def test_the_password_of_a_refused_url_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, userdata={"redis.url": "rdis://:settings-s3cret@a"})
    assert "settings-s3cret" not in str(error.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("backend = docker\n")
    with pytest.raises(SettingsError) as error:
        read(tmp_path)
    assert error.value.what == "behave.ini cannot be read"
    assert error.value.looked == str(tmp_path / "behave.ini")


def test_the_cache_is_the_users_unless_another_is_named(tmp_path: Path) -> None:
    assert read(tmp_path).cache.name == "truestep"
    assert read(tmp_path, userdata={"cache": str(tmp_path)}).cache == tmp_path


def test_without_anything_written_scenarios_run_once_each_one_by_one_as_written(
    tmp_path: Path,
) -> None:
    settings = read(tmp_path)
    assert settings.jobs == 1
    assert settings.order is Order.WRITTEN
    assert settings.seed is None
    assert (settings.retries, settings.repeat) == (0, 1)
    assert settings.timeout_s is None
    assert settings.shard == "auto"
    assert settings.timings == Path("reports/timings.json")


def test_how_scenarios_run_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[truestep]\nreports = out\njobs = auto\nretries = 2\n")
    environment = {"TRUESTEP_SHARD": "02/5", "TRUESTEP_TIMEOUT_S": "1.5"}
    settings = read(tmp_path, environment, {"order": "random", "seed": "42"})
    assert settings.jobs == 0
    assert settings.order is Order.RANDOM
    assert settings.seed == 42
    assert settings.retries == 2
    assert settings.timeout_s == 1.5
    assert settings.shard == "2/5"
    assert settings.timings == Path("out/timings.json")
    assert read(tmp_path, userdata={"timings": "t.json"}).timings == Path("t.json")


def test_to_repeat_and_to_retry_is_refused(tmp_path: Path) -> None:
    (tmp_path / "behave.ini").write_text("[truestep]\nretries = 2\n")
    with pytest.raises(SettingsError) as error:
        read(tmp_path, userdata={"repeat": "50"})
    assert str(error.value) == (
        "the settings repeat and retries contradict each other: each scenario is to run several "
        "times to see whether it fails, and one that fails is to run again until it passes\n"
        "  Looked at: -D repeat=50; [truestep] retries in behave.ini\n"
        "  Try: give one of them: repeat finds out what is flaky, retries lives with it"
    )


def test_what_an_application_is_told_in_secret_is_not_shown(tmp_path: Path) -> None:
    told = {
        "shop.command": "shop",
        "shop.env.STRIPE_KEY": "sk_1",
        "shop.env.DB_PASS": "hush",
        "shop.env.TOPIC": "orders",
        "shop.env.DATABASE_URL": "postgresql://ada:hush@db/shop",
    }
    (tmp_path / "behave.ini").write_text("[service.shop]\nhealth = /\ncommand = none\n")
    assert project_settings(tmp_path, NOTHING, told).written()["shop"] == {
        "command": "shop",
        "health": "/",
        "env.STRIPE_KEY": "***",
        "env.DB_PASS": "***",
        "env.TOPIC": "orders",
        "env.DATABASE_URL": "postgresql://ada:***@db/shop",
    }
