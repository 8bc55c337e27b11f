"""A process that forks the workers: it has loaded what they need, and nothing else ever runs in it.

The parent has threads, connections and servers as soon as the run goes on. A worker that takes the
place of one that died must not inherit any of that, so it is not the parent that forks it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any, NoReturn

from truestep.errors import WorkerDiedError, file_trouble

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORK = "fork"

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
        ours, its = Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _be_zygote(ours, its, work)
        its.close()
        self._connection = ours
        self._codes: dict[int, int] = {}

    def fork(self, errand: Any) -> tuple[int, Connection]:
        """Makes a worker; returns its process id, and the connection to it.

        Raises:
            WorkerDiedError: there can be no further process.
        """
        ours, its = Pipe()
        try:
            with its:
                self._connection.send(errand)
                send_handle(self._connection, its.fileno(), self._pid)
                answer = self._answer(_FORK)
        except (OSError, EOFError) as error:
            ours.close()
            raise _no_worker(f"it has ended: {type(error).__name__}") from None
        if isinstance(answer, str):
            ours.close()
            raise _no_worker(answer)
        return answer, ours

    def reap(self, pid: int) -> int | None:
        """Waits for the end of a worker; returns its exit code, or the negative of its signal.

        None when that is not to be known, as the process that forked it has gone.
        """
        if pid not in self._codes:
            with contextlib.suppress(OSError, EOFError):
                self._connection.send(pid)
                self._answer(pid)
        return self._codes.pop(pid, None)

    def close(self) -> None:
        """Ends it, and kills what is left of its workers."""
        self._connection.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _answer(self, asked: str | int) -> Any:
        """Returns the answer; what a signal has kept from being read before is kept."""
        while True:
            question, answer = self._connection.recv()
            if question != _FORK:
                self._codes[question] = answer
            if question == asked:
                return answer


def _no_worker(seen: str) -> WorkerDiedError:
    return WorkerDiedError(
        "no further worker can be started",
        seen=seen,
        looked="the process that forks the workers",
        remedy="see whether memory, or the number of processes, is short; or take a smaller -j",
    )


def _be_zygote(its_parents: Connection, connection: Connection, work: Work) -> NoReturn:
    """Whatever happens here ends here: behind this call, the parent's code goes on."""
    try:
        its_parents.close()
        # Ctrl-C in a terminal goes to a whole group: the parent is the one to tell the workers.
        os.setpgid(0, 0)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _serve(connection, work)
    except (OSError, EOFError):
        # The parent has gone in the middle of a word.
        pass
    except BaseException:  # noqa: BLE001  # a bug of ours keeps its traceback
        traceback.print_exc()
    finally:
        os._exit(1)


def _serve(connection: Connection, work: Work) -> None:
    children: set[int] = set()
    try:
        while True:
            asked = connection.recv()
            if isinstance(asked, int):
                code = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
                children.discard(asked)
                connection.send((asked, code))
            else:
                _fork(connection, work, asked, children)
    finally:
        # The parent has ended, perhaps killed.
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _fork(connection: Connection, work: Work, errand: Any, children: set[int]) -> None:
    fd = recv_handle(connection)
    try:
        pid = os.fork()
    except OSError as error:
        connection.send((_FORK, file_trouble(error)))
    else:
        if pid == 0:
            connection.close()
            _be_worker(work, errand, fd)
        children.add(pid)
        connection.send((_FORK, pid))
    os.close(fd)


def _be_worker(work: Work, errand: Any, fd: int) -> NoReturn:
    code = 1
    try:
        # What a step starts, and leaves running, must not keep it open when this process ends.
        os.set_inheritable(fd, False)
        # Of a terminal, only the process group in the foreground may read: to wait for a key would
        # stop this process, and nobody would know why.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        work(errand, Connection(fd))
        code = 0
    except (BrokenPipeError, EOFError):
        # The parent is gone, and nobody is there to be told.
        pass
    except BaseException:  # noqa: BLE001  # a bug of ours keeps its traceback
        traceback.print_exc()
    finally:
        sys.__stdout__.flush()  # type: ignore[union-attr]  # there is one
        sys.stderr.flush()
        # What the parent has registered to be done at its exit is not this process's to do.
        os._exit(code)
