"""Maven artifacts by jgo: a committed lock file names each one and its SHA-256.

Downloaded once into the cache folder, checked against the lock file, then used without network.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from truestep.cache import Recipe, keep, sha256
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


@functools.cache
def locked_artifacts(lock: Path) -> tuple[Artifact, ...]:
    """Reads a lock file in jgo's format; once, for it comes with this package."""
    rows = tomllib.loads(lock.read_text())["dependencies"]
    return tuple(
        Artifact(
            row["groupId"],
            row["artifactId"],
            row["version"],
            row.get("classifier", ""),
            row["sha256"],
        )
        for row in rows
    )


def fetch(
    lock: Path, *, what: str, version: str, service: str, cache: Path, console: Console
) -> list[Path]:
    """Returns the files of all artifacts in `lock`, downloading those that are missing or damaged.

    Args:
        lock: the lock file.
        what: what is downloaded, for the progress bar: `Kafka 4.4.0`.
        version: of what is downloaded.
        service: the name of the service, for errors.
        cache: the folder kept between runs.
        console: where the progress is shown.

    Raises:
        BackendUnavailableError: the cache cannot be written, the download fails, or what arrived
            is not what the lock file says.
    """
    artifacts = locked_artifacts(lock)
    hashes = tuple(artifact.sha256 for artifact in artifacts)

    def download(repository: Path) -> None:
        _download(artifacts, repository, what, service, console)

    repository = keep(cache, Recipe(service, "downloads", version, hashes), download, resumes=True)
    return [artifact.path(repository) for artifact in artifacts]


def _download(
    artifacts: Sequence[Artifact], repository: Path, what: str, service: str, console: Console
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
        if path.exists() and sha256(path) != artifact.sha256:
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
    actual = sha256(path)
    if actual != artifact.sha256:
        path.unlink()
        raise BackendUnavailableError(
            f"a download for {service} (embedded) is not what it should be",
            seen=f"SHA-256 {actual}, expected {artifact.sha256}",
            looked=str(path),
            remedy="it was removed; run again, and if it repeats, distrust the repository or proxy",
        )
