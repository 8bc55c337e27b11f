"""Maven artifacts by jgo: a committed lock file names each one and its SHA-256.

Downloaded once into the cache folder, checked against the lock file, then used without network.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truestep.console import Console
from truestep.errors import BackendUnavailableError

_DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Artifact:
    """One locked artifact."""

    group: str
    name: str
    version: str
    classifier: str
    sha256: str

    def path(self, repository: Path) -> Path:
        """Returns where the artifact is, in the layout of a Maven repository."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        folder = repository.joinpath(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}{suffix}.jar"


def locked_artifacts(lock: Path) -> list[Artifact]:
    """Reads a lock file in jgo's format."""
    rows = tomllib.loads(lock.read_text())["dependencies"]
    return [
        Artifact(
            row["groupId"],
            row["artifactId"],
            row["version"],
            row.get("classifier", ""),
            row["sha256"],
        )
        for row in rows
    ]


def fetch(lock: Path, *, what: str, service: str, cache: Path, console: Console) -> list[Path]:
    """Returns the files of all artifacts in `lock`, downloading those that are missing or damaged.

    Args:
        lock: the lock file.
        what: what is downloaded, for the progress bar: `Kafka 4.4.0`.
        service: the name of the service, for errors.
        cache: the folder kept between runs.
        console: where the progress is shown.

    Raises:
        BackendUnavailableError: the cache cannot be written, the download fails, or what arrived
            is not what the lock file says.
    """
    artifacts = locked_artifacts(lock)
    repository = cache / "maven"
    marks = cache / "maven" / f"{lock.stem}.{_sha256(lock)[:16]}.json"
    paths = [artifact.path(repository) for artifact in artifacts]
    if _as_marked(paths, marks):
        return paths
    with _writable(cache, service), _alone(cache):
        if not _as_marked(paths, marks):
            _download(artifacts, repository, what, service, console)
            marks.write_text(json.dumps({str(path): _stamp(path) for path in paths}))
    return paths


def _as_marked(paths: list[Path], marks: Path) -> bool:
    """Tells cheaply whether the files are still those whose hashes were checked."""
    try:
        marked = json.loads(marks.read_text())
        return all(marked.get(str(path)) == _stamp(path) for path in paths)
    except (OSError, ValueError):
        return False


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _download(
    artifacts: list[Artifact], repository: Path, what: str, service: str, console: Console
) -> None:
    # Imported late: a run that finds its files in the cache never needs them.
    import requests.exceptions
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from tqdm import tqdm

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    maven = MavenContext(repo_cache=repository, remote_repos=repositories)
    for artifact in artifacts:
        path = artifact.path(repository)
        if path.exists() and _sha256(path) != artifact.sha256:
            path.unlink()

    def one(artifact: Artifact) -> Artifact:
        component = maven.project(artifact.group, artifact.name).at_version(artifact.version)
        component.artifact(artifact.classifier, "jar").resolve()
        return artifact

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        try:
            done = pool.map(one, artifacts)
            for artifact in tqdm(
                done,
                total=len(artifacts),
                desc=f"truestep: downloading {what}, once",
                unit="file",
                file=console.stream,
            ):
                _check(artifact, artifact.path(repository), service)
        except (requests.exceptions.RequestException, RuntimeError) as error:
            pool.shutdown(cancel_futures=True)
            raise BackendUnavailableError(
                f"{what} for {service} (embedded) could not be downloaded",
                seen=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
                looked=f"{', '.join(repositories)} (jgo's Maven repositories), into {repository}",
                remedy="check the network and the proxy settings, or use -D backend=docker",
            ) from error


def _check(artifact: Artifact, path: Path, service: str) -> None:
    actual = _sha256(path)
    if actual != artifact.sha256:
        path.unlink()
        raise BackendUnavailableError(
            f"a download for {service} (embedded) is not what it should be",
            seen=f"SHA-256 {actual}, expected {artifact.sha256}",
            looked=str(path),
            remedy="it was removed; run again, and if it repeats, distrust the repository or proxy",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _writable(cache: Path, service: str) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        (cache / "maven").mkdir(exist_ok=True)
        yield
    except OSError as error:
        # requests' errors are OSErrors too; they are reported where they happen.
        if error.filename is None:
            raise
        raise BackendUnavailableError(
            f"the cache folder for {service} (embedded) cannot be written",
            seen=str(error.strerror or error),
            looked=str(error.filename),
            remedy="make it writable, or name another: -D cache=FOLDER",
        ) from error


def _alone(cache: Path) -> Any:
    from filelock import FileLock

    return FileLock(cache / "maven.lock")
