"""Has the start cache of the broker's JVM made when no run is waiting for it.

Run as a module, with the cache, this is the process that makes it. It has the lowest priority and a
broker of its own, and outlives the run that has started it. There is never more than one.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

TRAINER = "truestep.services.kafka.training"
_LOWEST_PRIORITY = 19
_SILENT = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]


def train_in_background(cache: Path) -> None:
    """Starts a process that makes the start cache in `cache`, and does not wait for it.

    Where it cannot be started there is just no start cache: nothing depends on it.
    """
    # Not by `subprocess`, which looks after its children: this one outlives us. `-P`: whatever is
    # in the current folder is not imported.
    command = [sys.executable, "-P", "-m", TRAINER, str(cache.absolute())]
    with suppress(OSError):
        os.posix_spawn(sys.executable, command, os.environ, file_actions=_SILENT)


def _main(cache: Path) -> None:
    # Whoever stops the run that has started this, by a signal to its group, does not mean this.
    with suppress(PermissionError):
        os.setsid()
    os.chdir("/")
    os.nice(_LOWEST_PRIORITY)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Imported late: also that only takes time that is left over.
    from truestep.services.kafka.trainer import make_start_cache

    make_start_cache(cache)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
