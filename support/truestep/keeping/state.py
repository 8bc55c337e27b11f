"""What a keeper tells of its service, in a file that only its user can read."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from truestep import __version__
from truestep.errors import ServiceError, file_trouble
from truestep.locks import locked
from truestep.services.base import Endpoint
from truestep.settings import Backend, Values

# Part of a backend is which engine it uses.
_ENGINE = ("DOCKER_HOST", "DOCKER_CONTEXT")


@dataclass(frozen=True)
class KeptService:
    """A service that is ready and has a keeper.

    `settings` is what `fingerprint` returned for it; `address` is where the keeper answers to
    those who know the `key`, which is in hexadecimal digits.
    """

    name: str
    project: str
    settings: str
    backend: Backend
    version: str
    endpoint: Endpoint
    pid: int
    address: str
    key: str = field(repr=False)


class State:
    """The kept services of one project.

    Args:
        project: the project's folder.
    """

    def __init__(self, project: Path) -> None:
        from platformdirs import user_state_path

        self._project = project.resolve()
        digest = hashlib.sha256(str(self._project).encode()).hexdigest()[:16]
        self.folder = user_state_path("truestep") / "kept" / digest

    def find(self, name: str) -> KeptService | None:
        """Returns the service if it has a keeper that lives and is this user's, else None."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                own = os.fstat(file.fileno()).st_uid == os.geteuid()
                if own and _is_locked(file.fileno()):
                    return _read(json.load(file))
        except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
            # Being written, or not ours.
            return None
        return None

    def all(self) -> list[KeptService]:
        """Returns all services that have a keeper."""
        return [kept for kept in map(self.find, self._names()) if kept]

    def write(self, kept: KeptService) -> None:
        """Tells of a service, which was started `alone`; it is kept until this process ends."""
        # With the lock from the first moment on that it can be seen.
        opened, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".json")
        os.write(opened, json.dumps(asdict(kept)).encode())
        fcntl.flock(opened, fcntl.LOCK_EX)
        Path(name).rename(self._path(kept.name))

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Nobody else gives the service a keeper meanwhile.

        Raises:
            ServiceError: what is kept cannot be told of.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ServiceError(
                f"{name} cannot be kept",
                seen=f"what there is to tell of it cannot be written: {file_trouble(error)}",
                looked=str(self.folder),
                remedy="mend that, or name another folder: XDG_STATE_HOME",
            ) from error
        with locked(self._lock(name)):
            yield

    @contextmanager
    def ending(self, name: str) -> Iterator[Callable[[], bool]]:
        """Yields what tells whether the keeper that a service has now is gone."""
        with self._path(name).open("rb") as file:
            yield lambda: not _is_locked(file.fileno())

    def forget(self, name: str) -> None:
        """Removes what is told of a service."""
        self._path(name).unlink(missing_ok=True)

    def forget_dead(self) -> list[str]:
        """Removes what is told of services whose keeper is gone; returns their names."""
        return [name for name in self._names() if self._forget_dead(name)]

    def _forget_dead(self, name: str) -> bool:
        if self.find(name):
            return False
        with locked(self._lock(name), wait=False) as alone:
            # Else somebody is giving it another keeper, or has done so just now.
            is_dead = alone and self.find(name) is None
            if is_dead:
                self.forget(name)
        return is_dead

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    def _names(self) -> Iterator[str]:
        with suppress(FileNotFoundError):
            yield from sorted(
                path.stem for path in self.folder.glob("*.json") if not path.name.startswith(".")
            )


def fingerprint(name: str, values: Values) -> str:
    """Returns what is another one for other settings of a service, or another Truestep.

    Who provides it is not among them.
    """
    settings = {key: repr(value) for key, value in values.values.items() if key != "backend"}
    engine = [os.environ.get(variable, "") for variable in _ENGINE]
    facts = json.dumps([name, __version__, settings, engine], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


def _is_locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(told: dict[str, Any]) -> KeptService:
    told |= {"endpoint": Endpoint(**told["endpoint"]), "backend": Backend(told["backend"])}
    return KeptService(**told)
