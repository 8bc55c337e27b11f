"""The folder of one run, and the reaper that removes it if the run cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

# Every process of the run carries the folder's path in this variable, so the reaper finds it.
OWNER_VARIABLE = "_TRUESTEP_WORKSPACE"
_REAPER = Path(__file__).with_name("reaper.py")
_MEMORY = Path("/dev/shm")  # noqa: S108  # only its own new folder in there is used
_ROOM_NEEDED_BYTES = 2 * 1024**3


class Workspace:
    """A temporary folder, private to this run and its user; made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root: Path | None = None
        self._reaper: subprocess.Popen[bytes] | None = None
        self._afterwards: dict[str, Callable[[], None]] = {}

    @property
    def root(self) -> Path:
        """The folder itself. Its reaper runs before anything is put into it."""
        with self._lock:
            if self._root is None:
                root = Path(tempfile.mkdtemp(prefix="truestep-", dir=_place()))
                try:
                    # Root starts PostgreSQL as another user, who has to pass through.
                    root.chmod(0o711 if os.geteuid() == 0 else 0o700)
                    self._reaper = subprocess.Popen(
                        [sys.executable, "-I", str(_REAPER), str(root)],
                        stdin=subprocess.PIPE,
                        start_new_session=True,
                    )
                except OSError:
                    root.rmdir()
                    raise
                self._root = root
            return self._root

    def folder(self, name: str) -> Path:
        """Makes and returns a new, empty folder whose name starts with `name`."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.root))

    def when_closed(self, name: str, call: Callable[[], None]) -> None:
        """Notes what is to be called once the run has ended and its folder is gone; once a name."""
        self._afterwards[name] = call

    def close(self) -> None:
        """Removes the folder and ends the reaper. The servers in it have to be stopped before."""
        with self._lock:
            if self._root is None or self._reaper is None:
                return
            shutil.rmtree(self._root, ignore_errors=True)
            self._reaper.communicate(b"done")
            self._root = self._reaper = None
        while self._afterwards:
            self._afterwards.popitem()[1]()


def _place() -> Path | None:
    """Returns the memory file system where it has plenty of room; None for the usual place.

    What servers write here lives for one run only, and cloning a database writes hundreds of small
    files. A folder that the user names in TMPDIR comes first.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return None
    status = os.statvfs(_MEMORY)
    # The server's programs may have to be copied there and run.
    runnable = not status.f_flag & os.ST_NOEXEC
    roomy = status.f_bavail * status.f_frsize >= _ROOM_NEEDED_BYTES
    return _MEMORY if runnable and roomy else None
