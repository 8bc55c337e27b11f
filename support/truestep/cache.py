"""What is kept between runs: made once, verified, and shared by all runs of a user.

A kept thing is a folder of files. Its name has a digest of all that its content depends on, so
that a new version, other settings or another platform never meet an old one. It is made beside
its place and renamed, so that nobody ever sees half of it. Each file's SHA-256 is noted when it is
made, together with a stamp (size, times, inode) of all files: as long as the stamp fits, nobody has
touched a file since its hash was taken; when it does not, the hashes decide.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from truestep.errors import BackendUnavailableError, file_trouble
from truestep.locks import locked

# Beside the folder of a kept thing there may be its name with one of these: what is being made,
# what goes away, who makes it, why it could not be made.
PARTIAL = ".partial"
GONE = ".gone-"
LOCK = ".lock"
FAILED = ".failed"
NOTES = "kept.json"
IN_USE = "in-use.lock"
_CONTENT = "content"
_STAMP = "stamp"
_TRIES_AGAIN_AFTER_S = 24 * 3600.0
# Open as long as this process may use what it has found; who would clear the cache sees them.
_in_use: dict[Path, int] = {}
_opening = threading.Lock()


@dataclass(frozen=True)
class Recipe:
    """All that the content of a kept thing depends on.

    Args:
        service: the name of the service that it is for, which is its folder too.
        what: what it is, in words: `data folder`.
        version: of the server that it is for.
        settings: whatever else makes a difference, platform excepted.
    """

    service: str
    what: str
    version: str
    settings: tuple[str, ...] = ()
    machine: str = field(default_factory=lambda: f"{sys.platform}-{platform.machine()}", init=False)

    def place(self, cache: Path) -> Path:
        """Returns the folder of the kept thing, which need not be there."""
        digest = hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]
        words = re.sub(r"[^a-z0-9]+", "-", self.what.lower())
        return cache / self.service / f"{words}-{self.version}-{digest}"


def find(cache: Path, recipe: Recipe) -> Path | None:
    """Returns the folder with the content of a kept thing; None when it is not there or damaged.

    From now on until this process ends, or lets go, nobody clears the cache.

    Raises:
        BackendUnavailableError: the cache cannot be read.
    """
    with _explained(cache, recipe):
        place = recipe.place(cache)
        _use(cache)
        return place / _CONTENT if _is_whole(place) else None


def keep(
    cache: Path, recipe: Recipe, make: Callable[[Path], None], *, resumes: bool = False
) -> Path:
    """Returns the folder with the content of a kept thing, made by `make` if need be.

    Args:
        cache: the folder that is kept between runs.
        recipe: what the content depends on.
        make: puts the content into the folder that it gets; called in one process at a time.
        resumes: whether `make` makes use of what it finds in its folder: files of an earlier
            try that failed, or of a kept thing that was damaged. Without, it gets an empty one.

    Raises:
        BackendUnavailableError: the cache cannot be read or written.
    """
    found = find(cache, recipe)
    if found:
        return found
    place = recipe.place(cache)
    with _explained(cache, recipe):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _use(cache)
        with locked(place.with_name(place.name + LOCK)):
            if not _is_whole(place):
                _make(place, recipe, make, resumes=resumes)
    return place / _CONTENT


def make_alone(cache: Path, recipe: Recipe, make: Callable[[Path], None]) -> None:
    """Has `make` make a kept thing that no run waits for, if nobody else is at it.

    Why it failed is noted beside it; then the next try is a day later.

    Raises:
        Exception: whatever `make` raises.
    """
    place = recipe.place(cache)
    failure = place.with_name(place.name + FAILED)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if failure.exists() and time.time() - failure.stat().st_mtime < _TRIES_AGAIN_AFTER_S:
        return
    # Held around `keep`, which takes another one: that one is for those who wait.
    with locked(place.with_name(f"{place.name}.alone{LOCK}"), wait=False) as alone:
        if not alone:
            return
        try:
            keep(cache, recipe, make)
        except Exception as error:
            failure.write_text(str(error))
            raise
        failure.unlink(missing_ok=True)


def hashes(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file in `folder`, by its path in there."""
    return {
        str(path.relative_to(folder)): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_notes(place: Path) -> dict[str, dict[str, str]]:
    """Returns what is noted of a kept thing: its `recipe`, and the SHA-256 of its `files`.

    Raises:
        OSError, ValueError: the notes are not there, or damaged.
    """
    notes: dict[str, dict[str, str]] = json.loads((place / NOTES).read_text())
    return notes


def let_go(cache: Path) -> None:
    """From now on the cache may be cleared, as far as this process is concerned."""
    own = _in_use.pop(cache, None)
    if own is not None:
        os.close(own)


def _make(place: Path, recipe: Recipe, make: Callable[[Path], None], *, resumes: bool) -> None:
    partial = place.with_name(place.name + PARTIAL)
    if not resumes:
        shutil.rmtree(partial, ignore_errors=True)
    damaged = place.exists()
    if damaged and resumes and not partial.exists():
        (place / _CONTENT).rename(partial)
    partial.mkdir(mode=0o700, exist_ok=True)
    try:
        make(partial)
        made = place.with_name(f"{place.name}{GONE}{secrets.token_hex(4)}")
        made.mkdir(mode=0o700)
        partial.rename(made / _CONTENT)
        notes = {"recipe": asdict(recipe), "files": hashes(made / _CONTENT)}
        (made / NOTES).write_text(json.dumps(notes))
        (made / _STAMP).write_text(_stamp(made / _CONTENT))
        if damaged:
            gone = place.with_name(f"{place.name}{GONE}{secrets.token_hex(4)}")
            place.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        made.rename(place)
    finally:
        if not resumes:
            shutil.rmtree(partial, ignore_errors=True)


def _is_whole(place: Path) -> bool:
    content = place / _CONTENT
    try:
        stamp = _stamp(content)
        if (place / _STAMP).read_text() == stamp:
            return True
        # Copied from elsewhere, restored by a CI service, or damaged.
        if read_notes(place)["files"] != hashes(content):
            return False
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    # Who may only read the cache looks at the hashes every time.
    with suppress(OSError):
        fresh = place / f"{_STAMP}-{secrets.token_hex(4)}"
        fresh.write_text(stamp)
        fresh.rename(place / _STAMP)
    return True


def _stamp(folder: Path) -> str:
    """Returns a digest that is another one as soon as somebody has written to a file in there."""
    digest = hashlib.sha256()
    pending = [str(folder)]
    while pending:
        inside = pending.pop()
        with os.scandir(inside) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    continue
                status = entry.stat(follow_symlinks=False)
                facts = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
                digest.update(f"{entry.path[len(str(folder)) :]} {facts}\n".encode())
    return digest.hexdigest()


def _use(cache: Path) -> None:
    # Who may only read the cache is not seen by who could clear it.
    with _opening, suppress(PermissionError):
        if cache in _in_use or not cache.is_dir():
            return
        opened = os.open(cache / IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(opened, fcntl.LOCK_SH)
        _in_use[cache] = opened


@contextmanager
def _explained(cache: Path, recipe: Recipe) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackendUnavailableError(
            f"the {recipe.what} of {recipe.service} (embedded) cannot be kept",
            seen=file_trouble(error),
            looked=str(error.filename or cache),
            remedy="check space and permissions there, or name another folder: -D cache=FOLDER",
        ) from error
