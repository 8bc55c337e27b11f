"""A server as a local process: started in a group of its own, stopped with all its children."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from truestep.errors import BackendUnavailableError, ServiceError
from truestep.workspace import OWNER_VARIABLE, Workspace

LOOPBACK = "127.0.0.1"
# Linux, macOS and Docker give higher ones to clients, listeners and containers that name none.
_PORTS = range(20_000, 32_000)
_given: set[int] = set()

# Of the user's environment, what a server needs to find programs, its language and scratch space.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class Login(TypedDict, total=False):
    """How `subprocess` is told which user to become; empty for the current one."""

    user: str
    group: int
    extra_groups: list[int]


class ServerProcess:
    """One local server process.

    Args:
        service: the name of the service, for errors.
        argv: the program and its arguments. No secret may be among them: others can read them.
        workspace: the run's workspace, by which the reaper knows the process.
        log: the file that its output goes to.
        folder: where it runs; the log's folder when left out.
        environment: variables to add to the few that are passed on.
        user: the name of the user to run as; None for the current one.
        stop_by: the signal that asks it to stop.
        stop_within_s: seconds until it is killed instead.
    """

    def __init__(
        self,
        service: str,
        argv: Sequence[str],
        *,
        workspace: Workspace,
        log: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_by: signal.Signals = signal.SIGTERM,
        stop_within_s: float = 5.0,
    ) -> None:
        self._service = service
        self._argv = list(argv)
        self._log = log
        self._folder = folder or log.parent
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        owner = {OWNER_VARIABLE: str(workspace.root)}
        self._environment = passed_on | dict(environment or {}) | owner
        self._user = user
        self._stop_by = stop_by
        self._stop_within_s = stop_within_s
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False

    def start(self) -> None:
        """Starts the process.

        Raises:
            ServiceError: the program cannot be run at all.
        """
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    cwd=self._folder,
                    start_new_session=True,
                    **login(self._user),
                )
        except OSError as error:
            raise ServiceError(
                f"{self._service} (embedded) could not be started",
                seen=str(error.strerror or error),
                looked=self._argv[0],
                remedy="check that this program can be run here: python -m truestep doctor",
            ) from error

    @property
    def pid(self) -> int | None:
        """The process's id, once it is started."""
        return self._process.pid if self._process else None

    def death(self) -> str | None:
        """Returns None while the process lives, else how it ended."""
        if self._process is None:
            return "it was not started"
        code = self._process.poll()
        if code is None:
            return None
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exited with code {code}"

    def pause(self) -> None:
        """Freezes the process and its children: they keep their connections and answer nobody."""
        self._paused = True
        self._each("suspend")

    def resume(self) -> None:
        """Lets them go on where they were; safe to call when they are not frozen."""
        if self._paused:
            self._each("resume")
            self._paused = False

    def stop(self) -> None:
        """Stops the process and its children; kills them when they take too long."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self._stop_by)
        # A frozen process sees no signal.
        self.resume()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._stop_within_s)
        # Also when it stopped as asked: a child may have stayed behind in its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _each(self, method: str) -> None:
        """Calls a method of psutil on the process, then on all of its children."""
        import psutil

        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            getattr(parent, method)()
            # A frozen parent starts no more of them.
            for child in parent.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    getattr(child, method)()

    def log_text(self) -> str:
        """Returns the whole log so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def log_position(self) -> int:
        """Returns how long the log is now, in bytes."""
        return self._log.stat().st_size if self._log.exists() else 0

    def log_since(self, position: int) -> str:
        """Returns what was logged since the log was that long."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of the log."""
        return "\n".join(self.log_text().splitlines()[-lines:]) or "(the log is empty)"


def run_to_end(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    within_s: float | None = None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program that is no server; both streams are in its output, whatever its exit code.

    Args:
        argv: the program and its arguments, without secrets.
        folder: where it runs; the current one when left out.
        within_s: seconds until it is killed; None: it takes what it takes.
        environment: all of its variables; ours when left out.
        user: the name of the user to run as; None for the current one.

    Raises:
        OSError: it cannot be run.
        subprocess.TimeoutExpired: it was not done in time.
    """
    return subprocess.run(
        argv,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=within_s,
        cwd=folder,
        env=environment,
        **login(user),
    )


def refuse_taken_port(service: str, port: int) -> None:
    """Raises BackendUnavailableError when something on this machine already listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise BackendUnavailableError(
                f"{service} cannot have the port {port}",
                seen=str(error.strerror),
                looked=f"{LOOPBACK}:{port}",
                remedy=f"stop what listens there, or leave {service}.port out: "
                "a free one is picked",
            ) from None


def free_port() -> int:
    """Returns a port that is free now, and that this process was not given before.

    Only for servers that cannot pick one themselves: another process may take it in between. None
    is likely to, for it is not one of those that a system gives to whoever names none.

    Raises:
        BackendUnavailableError: there is none.
    """
    for _ in _PORTS:
        port = secrets.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            _given.add(port)
            return port
    raise BackendUnavailableError(
        "there is no free port for another server",
        seen="every one that was tried is taken",
        looked=f"{LOOPBACK}:{_PORTS.start} to {_PORTS.stop - 1}",
        remedy="stop what listens there",
    )


def owner_ids(user: str | None) -> tuple[int, int] | None:
    """Returns the user and group id of `user`; None for None."""
    if user is None:
        return None
    import pwd

    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def login(user: str | None) -> Login:
    """Returns what `subprocess` takes to run something as `user`, with no rights of ours."""
    ids = owner_ids(user)
    return {"user": str(user), "group": ids[1], "extra_groups": []} if ids else {}
