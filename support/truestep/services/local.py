"""What every provider shares whose server is a local process."""

from __future__ import annotations

import shutil
from pathlib import Path

from truestep.services.base import HasLog, Pausable, Provider, RunContext
from truestep.services.processes import ServerProcess, refuse_taken_port
from truestep.settings import Values


class LocalProvider(Provider, Pausable, HasLog):
    """Runs one server as a local process; a subclass starts it and sets `_process`.

    Args:
        name: the name of the service, for errors.
        values: its settings.
        context: what it may know of the run.
    """

    def __init__(self, name: str, values: Values, context: RunContext) -> None:
        self._name = name
        self._values = values
        self._context = context
        self._process: ServerProcess | None = None
        # Gone with the server, when the subclass makes one.
        self._scratch: Path | None = None

    def check(self) -> None:
        """Refuses a port that is taken."""
        if self._values["port"]:
            refuse_taken_port(self._name, self._values["port"])

    def stop(self) -> None:
        """Stops the process and removes its folder."""
        if self._process:
            self._process.stop()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def pause(self) -> None:
        """Freezes the server."""
        if self._process:
            self._process.pause()

    def resume(self) -> None:
        """Lets the server go on."""
        if self._process:
            self._process.resume()

    def death(self) -> str | None:
        """Returns None while the process lives, else how it ended."""
        return self._process.death() if self._process else "it was not started"

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of the log."""
        return self._process.log_tail(lines) if self._process else "(it was not started)"

    def log_position(self) -> int:
        """Returns how long the log is now, in bytes."""
        return self._process.log_position() if self._process else 0

    def log_since(self, position: int) -> str:
        """Returns what was logged since the log was that long."""
        return self._process.log_since(position) if self._process else ""

    def log_place(self) -> str:
        """Returns where the log is, while the run goes on."""
        return f"the log of {self._name}, gone with the run"

    def _new_scratch(self) -> Path:
        self._scratch = self._context.workspace.folder(self._name)
        return self._scratch
