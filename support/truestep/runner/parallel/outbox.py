"""What a worker has to tell its parent, sent before the code of a step or a hook runs."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from truestep.runner.folder import write_evidence
from truestep.runner.parallel.wire import Call, Recorded, Told


class Outbox:
    """Sends what a worker tells, several at once where they come close together.

    It is also where the record of a worker's scenarios is written.

    Args:
        connection: to the parent.
        folder: the folder of the run.
    """

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._lines: list[bytes] = []
        self._calls: list[Call] = []
        self._others: list[Any] = []
        self._in_scenario = False

    def tell(self, message: Any) -> None:
        """Sends a message, after all that was kept so far."""
        self._others.append(message)
        self.flush()

    def flush(self) -> None:
        """Sends what was kept."""
        messages: list[Any] = []
        if self._lines:
            messages.append(Recorded(b"".join(self._lines)))
        if self._calls and self._in_scenario:
            messages.append(Told(tuple(self._calls)))
            self._calls = []
        messages += self._others
        self._lines, self._others = [], []
        if messages:
            self._connection.send(messages)

    def close(self) -> None:
        """Sends no more: this process is not the worker, but one that the worker has forked."""
        self._connection.close()

    def scenario_begins(self) -> None:
        """From now on what a formatter is told, and what is printed, belongs to a scenario."""
        self._in_scenario = True

    def scenario_ended(self) -> None:
        """What is printed from now on comes before the next one, or at the end of the feature."""
        self._in_scenario = False

    def call(self, name: str, argument: Any = None) -> None:
        """Keeps what a formatter would have been told."""
        self._calls.append((name, argument))

    def print(self, text: str) -> None:
        """Keeps what was printed."""
        self.call("print", text)

    def printed(self) -> str:
        """Returns what was printed outside of scenarios since the last call, or scenario."""
        text = "".join(argument for name, argument in self._calls if name == "print")
        self._calls = []
        return text

    def message(self, line: bytes, *, more: bool = False) -> None:
        """Sends a line of the record; with `more`, together with the next one."""
        self._lines.append(line)
        if not more:
            self.flush()

    def evidence(self, name: str, content: bytes) -> str:
        """Writes a file of evidence and returns its path, relative to the folder."""
        return write_evidence(self._folder, name, content)
