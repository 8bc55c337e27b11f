"""What the steps of a scenario have printed and logged, as behave has captured it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from truestep import evidence
from truestep.evidence import Entry, Kind


class Printed:
    """Follows the captured output of one scenario.

    Args:
        capture: behave's capture controller, with the buffers of that scenario.
    """

    def __init__(self, capture: Any) -> None:
        buffers = {"printed": capture.capture_stdout, "printed on stderr": capture.capture_stderr}
        self._buffers = {name: buffer for name, buffer in buffers.items() if buffer is not None}
        self._ends = dict.fromkeys(self._buffers, 0)
        self._log = capture.capture_log

    def note(self) -> None:
        """Notes what was printed since the last call."""
        for name, buffer in self._buffers.items():
            begins, ends = self._ends[name], buffer.tell()
            if ends > begins:
                self._ends[name] = ends
                evidence.note(Kind.OUTPUT, name, _part(buffer, begins, ends))

    def logged(self) -> Iterator[Entry]:
        """Yields what was logged by Python's `logging`."""
        for record in getattr(self._log, "buffer", ()):
            at = datetime.fromtimestamp(record.created, UTC)
            title = f"{record.levelname} {record.name}: {record.getMessage()}"
            yield Entry(Kind.OUTPUT, title, at=at)


def _part(buffer: Any, begins: int, ends: int) -> Callable[[], str]:
    return partial(_read, buffer, begins, ends)


def _read(buffer: Any, begins: int, ends: int) -> str:
    return str(buffer.getvalue()[begins:ends])
