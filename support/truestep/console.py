"""What Truestep itself says during a run: short lines on standard error, secrets hidden."""

from __future__ import annotations

import sys
from typing import TextIO

from truestep.redaction import redact


class Console:
    """Writes to the stream that standard error was when the run began.

    behave replaces `sys.stderr` while hooks and steps run; a line written here is always shown.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr

    def say(self, line: str) -> None:
        """Writes one line at once."""
        self.stream.write(redact(line) + "\n")
        self.stream.flush()
