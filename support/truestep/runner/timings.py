"""How long scenarios took in earlier runs: a file that is kept, and merged over runs.

The file is JSON: by the key of a scenario, its seconds and when it was last seen (seconds since
1970). What was not seen for 90 days is dropped when the file is written.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from truestep.errors import file_trouble
from truestep.locks import locked
from truestep.report.files import write_private

KEPT_DAYS = 90
TIMINGS = "timings.json"

_DAY_S = 86_400
_TYPICAL_S = 1.0
# The last run counts as much as all before it: what changed is known after two or three runs.
_NEW_SHARE = 0.5


@dataclass(frozen=True)
class _Timing:
    took_s: float
    seen: float


class Timings:
    """What is known of the scenarios, by their keys.

    `warning` says why a file that was read counts as empty; None when nothing is wrong.
    """

    def __init__(self) -> None:
        self.warning: str | None = None
        self._known: dict[str, _Timing] = {}
        self._typical_s: float | None = None

    @classmethod
    def read(cls, path: Path) -> Timings:
        """Reads a file; without one, nothing is known. A damaged one is a warning."""
        timings = cls()
        try:
            timings._known = _parse(json.loads(path.read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            timings.warning = _warning(path, file_trouble(error))
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            timings.warning = _warning(path, "it is not one that was written by a run")
        return timings

    @classmethod
    def merge(cls, paths: Iterable[Path]) -> Timings:
        """Reads several files, of shards for instance; of each scenario the latest counts."""
        merged = cls()
        warnings = []
        for path in paths:
            one = cls.read(path)
            merged._take(one)
            warnings += [one.warning] if one.warning else []
        merged.warning = "\n".join(warnings) or None
        return merged

    def expected_s(self, key: str) -> float | None:
        """Returns how long a scenario will take, in seconds; None when it was never seen."""
        known = self._known.get(key)
        return known.took_s if known else None

    def expected_or_typical(self, key: str) -> float:
        """Returns how long it will take, or what is usual: the median of what is known, or 1 s."""
        known = self._known.get(key)
        if known:
            return known.took_s
        if self._typical_s is None:
            took = [timing.took_s for timing in self._known.values()]
            self._typical_s = median(took) if took else _TYPICAL_S
        return self._typical_s

    def remember(self, took_s: Mapping[str, float], *, now: float | None = None) -> None:
        """Takes in what was measured, half and half with what was known.

        Args:
            took_s: seconds by key.
            now: the moment, in seconds since 1970; by default the present one.
        """
        moment = time.time() if now is None else now
        for key, new in took_s.items():
            known = self._known.get(key)
            if known:
                new = known.took_s + _NEW_SHARE * (new - known.took_s)  # noqa: PLW2901  # the mean
            self._known[key] = _Timing(round(new, 4), round(moment, 3))
        self._typical_s = None

    def write(self, path: Path, *, now: float | None = None) -> None:
        """Replaces a file as a whole, for its user alone; what another run has added stays.

        Raises:
            OSError: it cannot be written.
        """
        oldest = (time.time() if now is None else now) - KEPT_DAYS * _DAY_S
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two runs of one project may end at the same moment.
        with locked(path.with_name(f".{path.name}.lock")):
            self._take(Timings.read(path))
            rows = {
                key: [timing.took_s, timing.seen]
                for key, timing in sorted(self._known.items())
                if timing.seen >= oldest
            }
            text = json.dumps({"scenarios": rows}, ensure_ascii=False) + "\n"
            write_private(path, text.encode("utf-8", "surrogatepass"))

    def _take(self, other: Timings) -> None:
        for key, timing in other._known.items():
            known = self._known.get(key)
            # Of two that were measured at the same moment it is the longer one in any order.
            if known is None or (timing.seen, timing.took_s) > (known.seen, known.took_s):
                self._known[key] = timing
        self._typical_s = None


def scenario_key(scenario: Any) -> str:
    """Returns what a scenario is called from run to run, on every machine.

    The path of its file from the current folder, its rule, its name, and of an example its values;
    scenarios that are alike in all of these share a key.

    Args:
        scenario: behave's.
    """
    outline = scenario.parent if getattr(scenario, "_row", None) is not None else None
    statement = outline or scenario
    parts = [_uri(str(scenario.filename))]
    if getattr(statement.parent, "type", "") == "rule":
        parts.append(f"Rule: {statement.parent.name}")
    parts.append(str(statement.name))
    if outline:
        row = scenario._row  # noqa: SLF001  # behave keeps an example's values in no other place
        values = zip(row.headings, row.cells, strict=True)
        parts.append(", ".join(f"{heading}: {cell}" for heading, cell in values))
    return " | ".join(parts)


def _uri(path: str) -> str:
    relative = os.path.relpath(path) if Path(path).is_absolute() else os.path.normpath(path)
    return relative.replace("\\", "/")


def _parse(content: Any) -> dict[str, _Timing]:
    found = {}
    for key, (took_s, seen) in content["scenarios"].items():
        timing = _Timing(float(took_s), float(seen))
        if not (math.isfinite(timing.seen) and 0 <= timing.took_s < math.inf):
            raise ValueError(key)
        found[key] = timing
    return found


def _warning(path: Path, why: str) -> str:
    return (
        f"truestep: WARNING: how long scenarios took before is not known: {why}\n"
        f"  Looked at: {path}\n"
        "  Try: remove that file; the next run writes a new one"
    )
