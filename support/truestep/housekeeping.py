"""What `python -m truestep cache` says and does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from truestep import cache
from truestep.cache import Kept
from truestep.console import Console
from truestep.services import registry
from truestep.services.application.settings import APPLICATION_KEYS
from truestep.settings import Settings, read_settings

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def project_settings(
    root: Path, environment: Mapping[str, str], userdata: Mapping[str, str]
) -> Settings:
    """Returns the settings that a run in `root` with these `-D` values has.

    Raises:
        SettingsError: one of them is not valid.
    """
    return read_settings(
        registry.service_keys(),
        application=APPLICATION_KEYS,
        folder=root,
        environment=environment,
        userdata=userdata,
    )


def list_cache(settings: Settings, console: Console) -> None:
    """Prints what is kept between runs: for which service, what, how large, how old."""
    kept = cache.kept(settings.cache)
    console.say(f"{settings.cache}: {summary(kept)}")
    for row in _rows(kept):
        console.say(f"  {row}")


def clear_cache(settings: Settings, console: Console) -> None:
    """Removes what is kept between runs; the next run makes it again.

    Raises:
        CacheInUseError: a run may be using it.
    """
    console.say(f"{settings.cache}: removed {summary(cache.clear(settings.cache))}")


def summary(kept: Sequence[Kept]) -> str:
    """Returns how much is kept, in a few words: `6 things, 180 MB`."""
    if not kept:
        return "nothing"
    things = "1 thing" if len(kept) == 1 else f"{len(kept)} things"
    return f"{things}, {_megabytes(sum(one.size for one in kept))}"


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


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _age(seconds: float) -> str:
    for length, unit in _UNITS:
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} old"
    return "new"
