"""A process that forks the workers: it has loaded what they need, and nothing else ever runs in it.

The parent has threads, connections and servers as soon as the run goes on. A worker that takes the
place of one that died must not inherit any of that, so it is not the parent that forks it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MESSAGE_BYTES = 64 * 1024

Work = Callable[[Any, Connection], None]


class Zygote:
    """Forks workers for its parent, and tells what became of them.

    Args:
        work: what a worker does, with its errand and its connection to the parent.
    """

    def __init__(self, work: Work) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # What there is now stays as it is, and is shared with all workers.
        gc.collect()
        gc.freeze()
        ours, its = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _serve(its, work)
        its.close()
        self._socket = ours

    def fork(self, errand: Any) -> tuple[int, Connection]:
        """Makes a worker; returns its process id, and the connection to it."""
        ours, its = Pipe()
        with its:
            socket.send_fds(self._socket, [pickle.dumps(errand)], [its.fileno()])
            pid = int(self._socket.recv(_MESSAGE_BYTES))
        return pid, ours

    def reap(self, pid: int) -> int:
        """Waits for the end of a worker; returns its exit code, or the negative of its signal."""
        self._socket.send(pickle.dumps(pid))
        return int(self._socket.recv(_MESSAGE_BYTES))

    def close(self) -> None:
        """Ends it, and kills what is left of its workers."""
        self._socket.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve(connection: socket.socket, work: Work) -> NoReturn:
    # Ctrl-C in a terminal goes to a whole group: the parent is the one to tell the workers.
    os.setpgid(0, 0)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    children: set[int] = set()
    while True:
        data, fds, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 1)
        if not data:
            # The parent has ended, perhaps killed.
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            os._exit(0)
        asked = pickle.loads(data)  # noqa: S301  # from the process that forked this one
        if fds:
            pid = os.fork()
            if pid == 0:
                connection.close()
                _be_worker(work, asked, Connection(fds[0]))
            os.close(fds[0])
            children.add(pid)
            connection.send(str(pid).encode())
        else:
            status = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
            children.discard(asked)
            connection.send(str(status).encode())


def _be_worker(work: Work, errand: Any, connection: Connection) -> NoReturn:
    code = 1
    try:
        work(errand, connection)
        code = 0
    except (BrokenPipeError, EOFError):
        # The parent is gone, and nobody is there to be told.
        pass
    except BaseException:  # noqa: BLE001  # a bug of ours keeps its traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # What the parent has registered to be done at its exit is not this process's to do.
        os._exit(code)
