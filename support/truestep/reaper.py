"""Ends what a killed run leaves behind. Run as a script, by path, with the run's folder.

It waits on its standard input. `done` and end of file: the run has cleaned up. End of file
alone: the run is dead, so every process that carries the folder's path in its command line or
environment is killed, and the folder removed.
"""

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

OWNER_VARIABLE = "_TRUESTEP_WORKSPACE"
GIVE_UP_AFTER_S = 10.0


def main(folder: str) -> None:
    """Waits for the end of the run that owns `folder`, and cleans up if the run has not."""
    if sys.stdin.buffer.read() == b"done":
        return
    # Imported late: a run that ends well never needs it.
    import psutil

    give_up = time.monotonic() + GIVE_UP_AFTER_S
    # Again while the folder is there: a process that is being killed may still write into it.
    while Path(folder).exists() and time.monotonic() < give_up:
        owned = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != os.getpid() and _belongs(process, folder):
                    process.kill()
                    owned.append(process)
        psutil.wait_procs(owned, timeout=1.0)
        if not owned:
            shutil.rmtree(folder, ignore_errors=True)


def _belongs(process: Any, folder: str) -> bool:
    import psutil

    with contextlib.suppress(psutil.AccessDenied):
        if process.environ().get(OWNER_VARIABLE) == folder:
            return True
    # A server may overwrite its environment, and its arguments too, as Redis does; it still has a
    # folder in there as an argument or as the one it runs in. So may somebody's editor or shell:
    # those have a terminal, no server does.
    if process.terminal() is not None:
        return False
    return any(folder in part for part in (*process.cmdline(), process.cwd()))


if __name__ == "__main__":
    main(sys.argv[1])
