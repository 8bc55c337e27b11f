"""What a scenario saw, in order of time: kept while it runs, shown when it has failed.

Steps, waits, requests and servers note what happens; what was noted becomes text only when it is
shown, so that a scenario which passes pays next to nothing.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from truestep.redaction import redact

# The first entries say how it began; of a long scenario the last ones matter more.
_FIRST_ENTRIES = 100
_LAST_ENTRIES = 400
_SHOWN_CHARACTERS = 8_000
_SHOWN_ITEMS = 500
_DEEPEST = 12

Text = str | Callable[[], str]


class Kind(StrEnum):
    """What an entry is about."""

    STEP = "step"
    POLL = "poll"
    ROW = "row"
    KEY = "key"
    EVENT = "event"
    HTTP = "http"
    LOG = "log"
    OUTPUT = "output"
    ERROR = "error"


class Entry(NamedTuple):
    """One thing that happened. `at` is None when nobody knows when."""

    kind: Kind
    title: Text
    detail: Text = ""
    data: Any = None
    at: datetime | None = None


@dataclass(frozen=True)
class Snapshot:
    """What a service had of a scenario when it failed.

    `section` is where it is shown: rows, keys, events, http, logs; `content` is what JSON can
    say; bytes become text.
    """

    section: str
    content: Any
    entries: tuple[Entry, ...] = ()


def _nothing(value: Any) -> Any:
    return value


class EvidenceLog:
    """The evidence of one scenario; capped in size."""

    def __init__(self) -> None:
        self._first: list[Entry] = []
        self._last: deque[Entry] = deque(maxlen=_LAST_ENTRIES)
        self._left_out = 0
        self._sections: dict[str, Any] = {}

    def add(self, entry: Entry) -> None:
        """Keeps an entry."""
        if len(self._first) < _FIRST_ENTRIES:
            self._first.append(entry)
            return
        self._left_out += len(self._last) == _LAST_ENTRIES
        self._last.append(entry)

    def take(self, name: str, snapshot: Snapshot, hide: Callable[[Any], Any] = _nothing) -> None:
        """Keeps what the service `name` had of the scenario; see `json` for `hide`."""
        content = hide(_shown(snapshot.content))
        if content:
            self._sections.setdefault(snapshot.section, {})[name] = content
        for entry in snapshot.entries:
            self.add(entry)

    def json(self, hide: Callable[[Any], Any] = _nothing) -> bytes:
        """Returns all of it as JSON, in order of time, secrets hidden.

        Args:
            hide: takes values out that nobody may read, wherever it knows them by name.
        """
        rows = [hide(_row(entry)) for entry in self._in_order()]
        if self._left_out:
            rows.append({"kind": "error", "title": f"{self._left_out} entries were left out"})
        whole = _redacted({"entries": rows, "sections": self._sections})
        return json.dumps(whole, ensure_ascii=False).encode("utf-8", errors="replace")

    def _in_order(self) -> Iterator[Entry]:
        entries = [*self._first, *self._last]
        return iter(sorted(entries, key=lambda entry: entry.at.timestamp() if entry.at else 0.0))


_log: EvidenceLog | None = None


def keep_in(log: EvidenceLog | None) -> None:
    """From now on `note` keeps what it is told in `log`; None: nowhere."""
    global _log  # noqa: PLW0603  # steps and waits know of no runner: one scenario runs at a time
    _log = log


def note(kind: Kind, title: Text, detail: Text = "", data: Any = None) -> None:
    """Keeps, with the time it is now, what a scenario does; does nothing outside of one.

    Args:
        kind: what it is about.
        title: in one line; a function is called only when it is shown.
        detail: all there is to say, as `title`.
        data: values, as JSON knows them.
    """
    if _log is not None:
        _log.add(Entry(kind, title, detail, data, datetime.now(UTC)))


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": entry.kind.value, "title": _shown(_text(entry.title))}
    if entry.at is not None:
        row["at"] = entry.at.isoformat(timespec="microseconds")
    detail = _text(entry.detail)
    if detail:
        row["detail"] = _shown(detail)
    if entry.data is not None:
        row["data"] = _shown(entry.data)
    return row


def _text(text: Text) -> str:
    return text if isinstance(text, str) else text()


def _shown(value: Any, depth: int = 0) -> Any:
    """Returns a value as JSON knows it, cut where it is long or deep."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    if depth < _DEEPEST and isinstance(value, dict):
        return {str(name): _shown(one, depth + 1) for name, one in _some(list(value.items()))}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [_shown(one, depth + 1) for one in _some(list(value))]
    text = str(value)
    # A terminal's escapes and other controls would do something where they are shown.
    text = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def _some(items: list[Any]) -> list[Any]:
    return items[:_SHOWN_ITEMS]


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(name): _redacted(one) for name, one in value.items()}
    return [_redacted(one) for one in value] if isinstance(value, list) else value
