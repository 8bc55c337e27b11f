"""Maven artifacts: checked against the lock file, kept in the cache, refused with a remedy."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from truestep.console import Console
from truestep.errors import BackendUnavailableError
from truestep.services import artifacts
from truestep.services.artifacts import fetch, locked_artifacts
from truestep.services.redis import embedded

LOCK = Path(embedded.__file__).with_name("redis.lock.toml")


@pytest.fixture(scope="session")
def archive() -> Path:
    """The real artifact, in the cache that all runs of this user share."""
    [path] = _fetch(LOCK, user_cache_path("truestep"))
    return path


@pytest.fixture
def cache(tmp_path: Path, archive: Path) -> Path:
    """A cache that has the artifact, copied from elsewhere."""
    folder = tmp_path / "cache"
    shutil.copytree(archive.parents[6], folder / "redis" / archive.parents[6].name)
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_path_is_that_of_a_maven_repository() -> None:
    artifact = artifacts.Artifact("org.apache.kafka", "kafka_2.13", "4.1.1", "test", "0" * 64)
    assert artifact.path(Path("/r")) == Path(
        "/r/org/apache/kafka/kafka_2.13/4.1.1/kafka_2.13-4.1.1-test.jar"
    )


@pytest.mark.usefixtures("no_network")
def test_what_is_in_the_cache_needs_no_network(cache: Path) -> None:
    [path] = _fetch(LOCK, cache)
    assert path.is_relative_to(cache)
    assert _fetch(LOCK, cache) == [path]


@pytest.mark.usefixtures("no_network")
def test_a_download_that_is_impossible_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError) as error:
        _fetch(LOCK, tmp_path / "cache")
    assert error.value.what == "Redis for redis (embedded) could not be downloaded"
    assert "ProxyError" in error.value.seen
    place = re.escape(str(tmp_path / "cache/redis/downloads-1.4.4-"))
    assert re.search(rf"into {place}[0-9a-f]{{12}}\.partial$", error.value.looked)
    assert error.value.remedy == (
        "check the network and the proxy settings, or use -D backend=docker"
    )
    assert list(tmp_path.rglob("*.jar")) == []


@pytest.mark.usefixtures("no_network")
def test_a_damaged_file_is_not_used(cache: Path) -> None:
    [path] = _fetch(LOCK, cache)
    path.write_bytes(b"damaged")
    with pytest.raises(BackendUnavailableError, match="could not be downloaded"):
        _fetch(LOCK, cache)
    assert not path.exists()


def test_a_file_with_another_hash_is_refused_and_removed(tmp_path: Path, archive: Path) -> None:
    expected, wrong = locked_artifacts(LOCK)[0].sha256, "0" * 64
    lock = tmp_path / "wrong.lock.toml"
    lock.write_text(LOCK.read_text().replace(expected, wrong))
    with pytest.raises(BackendUnavailableError) as error:
        _fetch(lock, tmp_path / "cache")
    [partial] = (tmp_path / "cache" / "redis").glob("*.partial")
    path = partial / archive.relative_to(archive.parents[5])
    assert str(error.value) == (
        "a download for redis (embedded) is not what it should be: "
        f"SHA-256 {expected}, expected {wrong}\n"
        f"  Looked at: {path}\n"
        "  Try: it was removed; run again, and if it repeats, distrust the repository or proxy"
    )
    assert not path.exists()


def test_a_cache_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BackendUnavailableError) as error:
        _fetch(LOCK, tmp_path / "file" / "cache")
    assert str(error.value) == (
        "the downloads of redis (embedded) cannot be kept: Not a directory\n"
        f"  Looked at: {tmp_path / 'file' / 'cache' / 'redis'}\n"
        "  Try: check space and permissions there, or name another folder: -D cache=FOLDER"
    )


def test_a_download_shows_its_progress_once(tmp_path: Path) -> None:
    first, second = io.StringIO(), io.StringIO()
    for stream in (first, second):
        _fetch(LOCK, tmp_path / "cache", stream)
    assert re.search(r"truestep: downloading Redis, once: 100%.* 1/1 ", first.getvalue())
    assert second.getvalue() == ""


def _fetch(lock: Path, cache: Path, stream: io.StringIO | None = None) -> list[Path]:
    [artifact] = locked_artifacts(LOCK)
    return fetch(
        lock,
        what="Redis",
        version=artifact.version,
        service="redis",
        cache=cache,
        console=Console(stream or io.StringIO()),
    )
