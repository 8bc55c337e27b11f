"""`python -m truestep cache`: lists what is kept between runs, and removes it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from truestep.cache import FAILED, GONE, IN_USE, LOCK, NOTES, PARTIAL, let_go, read_notes
from truestep.console import Console
from truestep.errors import CacheInUseError, TruestepError, file_trouble
from truestep.locks import is_locked, locked
from truestep.settings import Settings

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Kept:
    """A kept thing: its size in bytes, its age in seconds, and what is wrong with it."""

    service: str
    what: str
    version: str
    size: int
    age_s: float
    problem: str | None = None


def list_cache(settings: Settings, console: Console) -> None:
    """Prints what is kept between runs: for which service, what, how large, how old.

    Raises:
        TruestepError: it cannot be read.
    """
    found = kept(settings.cache)
    console.say(f"{settings.cache}: {summary(found)}")
    for row in _rows(found):
        console.say(f"  {row}")


def clear_cache(settings: Settings, console: Console) -> None:
    """Removes what is kept between runs; the next run makes it again.

    Raises:
        CacheInUseError: a run may be using it.
        TruestepError: it cannot be removed.
    """
    console.say(f"{settings.cache}: removed {summary(clear(settings.cache))}")


def kept(cache: Path) -> list[Kept]:
    """Returns all that is kept, by service and name; also what is not whole, and why.

    Raises:
        TruestepError: it cannot be read.
    """
    found: list[Kept] = []
    with _explained(cache, "read"):
        for place in sorted(cache.glob("*/*")):
            # A run may be making it, or putting it into its place.
            with suppress(FileNotFoundError):
                found += _look(place)
    return found


def _look(place: Path) -> Iterator[Kept]:
    """Yields what is there, if it is something that is kept."""
    service, age_s = place.parent.name, time.time() - place.stat().st_mtime
    if place.suffix == FAILED:
        yield Kept(service, place.stem, "", 0, age_s, f"could not be made: {place.read_text()}")
    elif place.suffix == PARTIAL:
        why = "is being made" if is_locked(place.with_suffix(LOCK)) else "was broken off"
        yield Kept(service, place.stem, "", _size(place), age_s, why)
    elif (place / NOTES).is_file():
        age_s = time.time() - (place / NOTES).stat().st_mtime
        try:
            recipe = read_notes(place)["recipe"]
        except ValueError:
            why = "is damaged: the next run makes it again"
            yield Kept(service, place.name, "", _size(place), age_s, why)
        else:
            yield Kept(service, recipe["what"], recipe["version"], _size(place), age_s)


def clear(cache: Path) -> list[Kept]:
    """Removes all that is kept; returns what that was.

    Raises:
        CacheInUseError: a run, or a server that outlives one, may be using it.
        TruestepError: it cannot be removed.
    """
    if not cache.is_dir():
        return []
    let_go(cache)
    with _explained(cache, "cleared"), locked(cache / IN_USE, wait=False) as alone:
        if not alone:
            raise CacheInUseError(
                "the cache cannot be cleared",
                seen="a run is using it, or services that were kept running",
                looked=str(cache),
                remedy="wait until the run has ended; python -m truestep down",
            )
        removed = kept(cache)
        for place in cache.glob("*/*/"):
            if place.suffix == PARTIAL or GONE in place.name or (place / NOTES).is_file():
                shutil.rmtree(place)
        for file in (*cache.glob(f"*/*{LOCK}"), *cache.glob(f"*/*{FAILED}")):
            file.unlink()
        for folder in cache.glob("*/"):
            # Not empty: something that was never ours.
            with suppress(OSError):
                folder.rmdir()
    return removed


def summary(kept: Sequence[Kept]) -> str:
    """Returns how much is kept, in a few words: `6 things, 180 MB`."""
    if not kept:
        return "nothing"
    things = "1 thing" if len(kept) == 1 else f"{len(kept)} things"
    return f"{things}, {_megabytes(sum(one.size for one in kept))}"


@contextmanager
def _explained(cache: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TruestepError(
            f"the cache cannot be {done}",
            seen=file_trouble(error),
            looked=str(error.filename or cache),
            remedy="check the permissions there",
        ) from error


def _rows(kept: Sequence[Kept]) -> list[str]:
    cells = [
        (
            one.service,
            f"{one.what} {one.version}".strip(),
            _megabytes(one.size),
            _age(one.age_s),
            one.problem or "",
        )
        for one in kept
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _age(seconds: float) -> str:
    for length, unit in _UNITS:
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} old"
    return "new"
