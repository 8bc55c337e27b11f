"""The settings there are for a run and for each service, and how their values are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from truestep.errors import nearest
from truestep.settings import Backend, Evidence, Key, Order
from truestep.tags import Lifetime

_MOST_JOBS = 1000


def one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Returns a parser for the values of `kind`; its error names the nearest one."""

    def parse(text: str) -> StrEnum:
        known = [member.value for member in kind]
        if text.lower() not in known:
            near = nearest(text, known)
            raise ValueError(f"it is one of {', '.join(known)}; the nearest is {near!r}")
        return kind(text.lower())

    return parse


def optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Returns a parser that reads an empty value as None."""
    return lambda text: parse(text) if text else None


def text(value: str) -> str:
    """Parses a value that cannot be empty."""
    if not value:
        raise ValueError("it is empty")
    return value


def positive(value: str) -> float:
    """Parses a number above 0."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError("it is not a number above 0")
    return number


def yes_or_no(value: str) -> bool:
    """Parses `yes` or `no`."""
    if value.lower() not in ("yes", "no"):
        raise ValueError("it is yes or no")
    return value.lower() == "yes"


def names(value: str) -> tuple[str, ...]:
    """Parses names that are separated by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Returns a parser for a whole number from `lowest` to `highest`, both included."""

    def parse(value: str) -> int:
        if not value.isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"it is not a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def _jobs(value: str) -> int:
    if value.lower() == "auto":
        return 0
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_JOBS:
        raise ValueError(f"it is neither a whole number from 1 to {_MOST_JOBS} nor auto")
    return int(value)


def _shard(value: str) -> str:
    if value.lower() in ("auto", "off"):
        return value.lower()
    index, _, total = value.partition("/")
    if not (index.isdecimal() and total.isdecimal() and 1 <= int(index) <= int(total)):
        raise ValueError("it is neither one of several like 2/5, counted from 1, nor auto or off")
    return f"{int(index)}/{int(total)}"


GENERAL_KEYS: Mapping[str, Key] = {
    "backend": Key("auto", one_of(Backend), "who provides the services"),
    "lifetime": Key("run", one_of(Lifetime), "how long a started service lives"),
    "reuse": Key(
        "no",
        yes_or_no,
        "whether services that a run starts are kept for later runs, until `truestep down`",
    ),
    "cache": Key("", optional(Path), "the folder kept between runs; by default the user's cache"),
    "reports": Key("reports", Path, "the folder of the runs' reports"),
    "keep_runs": Key(
        "20", whole(1, 1_000_000), "how many runs' reports are kept; older ones are removed"
    ),
    "evidence": Key("failed", one_of(Evidence), "which scenarios keep evidence of what they did"),
    "hide": Key(
        "password, token, secret",
        names,
        "columns, headers and names in JSON whose values no report shows, separated by commas",
    ),
    "wait_scale": Key("1", positive, "multiplies every waiting time, for slow machines"),
    "jobs": Key(
        "1", _jobs, "how many scenarios run at the same time, or auto; `behave -j N` beats it"
    ),
    "order": Key("written", one_of(Order), "in which order scenarios begin"),
    "seed": Key(
        "",
        optional(whole(0, 2**32 - 1)),
        "what a random order is made from; without it a new one is made, and shown",
    ),
    "retries": Key("0", whole(0, 100), "how often a failed scenario runs again"),
    "repeat": Key("1", whole(1, 100_000), "how often each scenario runs, to see if it ever fails"),
    "timeout_s": Key(
        "",
        optional(positive),
        "seconds a scenario may take, times wait_scale; its tag @timeout(30) beats it",
    ),
    "shard": Key(
        "auto",
        _shard,
        "which part of the scenarios runs here: like 2/5, or auto (what the CI system set), or off",
    ),
    "timings": Key(
        "",
        optional(Path),
        "the file that keeps how long scenarios took; by default timings.json among the reports",
    ),
}

SERVICE_KEYS: Mapping[str, Key] = {
    "backend": Key("", optional(one_of(Backend)), "who provides this service"),
    "start_within_s": Key("60", positive, "seconds until a started service has to be ready"),
    "port": Key("", optional(whole(1, 65535)), "a fixed port; without it a free one is picked"),
    "allow_reset": Key("no", yes_or_no, "whether one given by URL may be emptied for scenarios"),
}
