"""What servers log while a scenario runs, each line with its time where that can be known."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from truestep.evidence import Entry, Kind, Snapshot
from truestep.services.base import HasLog

_SHOWN_LINES = 200
_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,9}))?"
    r" ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?"
)
# Redis: `1:M 31 Jan 2025 12:00:00.123 * Ready to accept connections`.
_WITH_MONTH = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}")
_MONTH_FORMAT = "%d %b %Y %H:%M:%S.%f"
# What many applications write: `12:00:00.123 [main] WARN …`.
_TIME_ONLY = re.compile(r"^\[?(\d\d:\d\d:\d\d)[.,](\d{3})\b")
_CLOCKS_DIFFER = timedelta(minutes=1)
# A time in the middle of a line may be what the line is about.
_SOUGHT_CHARACTERS = 48


class ServerLogs:
    """The logs of the servers of one scenario, from its beginning on."""

    def __init__(self) -> None:
        self._logs: list[tuple[str, HasLog, Any]] = []
        self._marks: list[tuple[datetime, list[Any]]] = []

    def add(self, name: str, log: HasLog) -> None:
        """Follows a log from now on."""
        self._logs.append((name, log, log.log_position()))

    def mark(self) -> None:
        """Notes how far the logs are now, for lines that do not say when they were written."""
        if self._logs:
            positions = [log.log_position() for _, log, _ in self._logs]
            self._marks.append((datetime.now(UTC), positions))

    def __iter__(self) -> Iterator[tuple[str, HasLog, str]]:
        """Yields the name of each server, its log, and what came since."""
        for name, log, position in self._logs:
            yield name, log, log.log_since(position)

    def snapshots(self) -> Iterator[tuple[str, Callable[[], Snapshot]]]:
        """Yields the name of each server, and what returns what it has logged since."""
        for index, (name, _, _) in enumerate(self._logs):
            yield name, partial(self._snapshot, index)

    def _snapshot(self, index: int) -> Snapshot:
        name, log, position = self._logs[index]
        begins = position if isinstance(position, int) else None
        lines = list(self._timed(index, log.log_since(position), begins))[-_SHOWN_LINES:]
        entries = [Entry(Kind.LOG, f"{name}: {line}", at=at) for at, line in lines]
        return Snapshot("logs", "\n".join(line for _, line in lines), tuple(entries))

    def _timed(
        self, index: int, text: str, position: int | None
    ) -> Iterator[tuple[datetime | None, str]]:
        last = None
        marks = [positions[index] for _, positions in self._marks]
        for line in text.splitlines(keepends=True):
            shown = line.rstrip()
            at = written_at(shown)
            if at is None and position is not None and last is None:
                found = bisect_right(marks, position) - 1
                at = self._marks[found][0] if found >= 0 else None
            elif at is None:
                # It goes on with what the line above began.
                at = last
            else:
                last = at
            if position is not None:
                position += len(line.encode())
            if shown:
                yield at, shown


def written_at(line: str) -> datetime | None:
    """Returns when a line of a log was written, if it says so at its beginning.

    A time without a zone is this machine's.
    """
    head = line[:_SOUGHT_CHARACTERS]
    if found := _ISO.search(head):
        part = (found["part"] or "0")[:6].ljust(6, "0")
        zone = (found["zone"] or "").replace("UTC", "+00:00").replace("Z", "+00:00")
        return _read(f"{found['date']}T{found['time']}.{part}{zone}")
    if found := _WITH_MONTH.search(head):
        try:
            return datetime.strptime(found[0], _MONTH_FORMAT).astimezone(UTC)  # local
        except ValueError:
            return None
    if found := _TIME_ONLY.match(head):
        today = _read(f"{datetime.now().astimezone():%Y-%m-%d}T{found[1]}.{found[2]}000")
        # Written before midnight, and read after it.
        is_ahead = today and today > datetime.now(UTC) + _CLOCKS_DIFFER
        return today - timedelta(days=1) if today and is_ahead else today
    return None


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
