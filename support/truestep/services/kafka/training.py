"""Has the start cache of the broker's JVM made when no run is waiting for it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

TRAINER = "truestep.services.kafka.trainer"


def train_in_background(cache: Path) -> None:
    """Starts a process that makes the start cache in `cache`, and does not wait for it.

    Where it cannot be started there is just no start cache: nothing depends on it.
    """
    with suppress(OSError):
        subprocess.Popen(
            [sys.executable, "-m", TRAINER, str(cache)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
