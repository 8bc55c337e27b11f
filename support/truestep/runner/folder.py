"""The folder of one run's results: `reports/<run id>/`, written as the run goes."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from truestep.console import Console
from truestep.errors import file_trouble
from truestep.report.files import write_private
from truestep.report.layout import EVIDENCE, FACTS, LATEST, MESSAGES

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class RunFolder:
    """Writes into the folder of a run; readable by its user alone.

    Report code never changes a run's result: when a write fails (a full disk, no permission), one
    warning is shown and nothing more is written.

    Args:
        reports: where the folders of all runs are.
        console: where the warning goes.
    """

    def __init__(self, reports: Path, console: Console) -> None:
        self._console = console
        self._messages = -1
        self._held: list[bytes] = []
        self._closed = False
        self._failed = False
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        self.run_id = f"{moment}Z-{secrets.token_hex(2)}"
        self.path = reports / self.run_id
        self._guarded(self._make)

    @property
    def is_complete(self) -> bool:
        """Whether all that was to be written is there."""
        return not self._failed

    def message(self, line: bytes, *, more: bool = False) -> None:
        """Appends to the messages; once this returns, a killed run keeps the line.

        With `more`, another line follows at once, and both are written together.
        """
        if self._closed:
            return
        self._held.append(line)
        if more:
            return
        line = b"".join(self._held)
        self._held.clear()
        try:
            # One call of the system: a reader never sees half of a line.
            if os.write(self._messages, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path / MESSAGES))
        except OSError as error:
            self._give_up(error)

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Replaces run.json as a whole."""
        text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        self.write(FACTS, text.encode("utf-8", errors="replace"))

    def write(self, name: str, content: bytes) -> None:
        """Writes a file as a whole, in place of one of that name."""
        self._guarded(lambda: write_private(self.path / name, content))

    def evidence(self, name: str, content: bytes) -> str:
        """Writes a file of evidence and returns its path, relative to the folder."""
        self._guarded(lambda: write_evidence(self.path, name, content))
        return f"{EVIDENCE}/{name}"

    def close(self) -> None:
        """Closes the messages; nothing is written after it."""
        self._closed = True
        if self._messages >= 0:
            os.close(self._messages)
            self._messages = -1

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=_PRIVATE_FOLDER)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._messages = os.open(self.path / MESSAGES, flags, _PRIVATE_FILE)
        # Held as long as the run goes on, whatever ends it: another run does not remove it then.
        # Not every file system can lock; on such a one none is removed.
        with suppress(OSError):
            fcntl.flock(self._messages, fcntl.LOCK_EX)
        self._point_latest_here()

    def _point_latest_here(self) -> None:
        latest = self.path.with_name(LATEST)
        new = self.path.with_name(f".{LATEST}-{self.run_id}")
        try:
            new.symlink_to(self.run_id)
        except (OSError, NotImplementedError):
            # No symbolic links here: a file that holds the folder's name.
            write_private(latest, f"{self.run_id}\n".encode())
        else:
            new.replace(latest)

    def _guarded(self, write: Callable[[], Any]) -> None:
        if self._closed:
            return
        try:
            write()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._failed = True
        self.close()
        self._console.say(
            f"truestep: WARNING: the report of this run is not complete: {file_trouble(error)}\n"
            f"  Looked at: {error.filename or self.path}\n"
            f"  Try: make room or give permission there; the run's result does not change"
        )


def write_evidence(run: Path, name: str, content: bytes) -> str:
    """Writes a file of evidence into the folder of a run; returns its path, relative to that.

    Raises:
        OSError: it cannot be written.
    """
    folder = run / EVIDENCE
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    write_private(folder / name, content)
    return f"{EVIDENCE}/{name}"
