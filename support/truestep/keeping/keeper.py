"""The process that owns a kept service: starts it, answers for it, stops it when told to.

Run as a module. It reads from its standard input what to keep, and writes to its standard output
one line when that is ready, or why it is not; then it is silent.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from truestep import polling
from truestep.console import Console
from truestep.errors import ServiceError, TruestepError
from truestep.keeping.state import KeptService, State, fingerprint
from truestep.polling import pause
from truestep.pool import RUN, ServicePool
from truestep.services import registry
from truestep.services.base import RunContext
from truestep.settings import Settings
from truestep.settings.reading import read_settings
from truestep.signals import hold_signals_back, signals_as_interrupts
from truestep.start import RunningService
from truestep.workspace import Workspace

# What a run may ask of the provider.
_ANSWERED = ("death", "log_tail", "log_position", "log_since", "log_place")
_LOOKS_EVERY_S = 1.0


@dataclass(frozen=True)
class Order:
    """What to keep: the settings as texts, by the names that `-D` has for them."""

    name: str
    project: str
    cache: str
    settings: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What became of it: ready, or an error in its four parts."""

    version: str = ""
    took_s: float = 0.0
    error: tuple[str, str, str, str] | None = None


class Starter:
    """Whoever has started this process: is told what becomes of it, and sees it download.

    What else this process starts does not inherit the two streams: they would never end.
    """

    def __init__(self) -> None:
        self._answers, self._errors = (os.fdopen(os.dup(number), "w") for number in (1, 2))
        self.console = Console(self._errors)
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123  # a device
            for number in range(3):
                os.dup2(nothing.fileno(), number)
        # Where an error is shown that nobody has thought of.
        sys.stderr = self._errors

    def tell(self, report: Report) -> None:
        """Tells what became of it; that was the last it hears.

        Raises:
            BrokenPipeError: it has gone.
        """
        sys.stderr = sys.__stderr__
        with self._errors, self._answers:
            self._answers.write(json.dumps(asdict(report)))


def keep(order: Order, starter: Starter) -> None:
    """Starts the service and keeps it until a signal comes or the server dies.

    It stops it at once when whoever wanted it does not wait any more.
    """
    goes = (KeyboardInterrupt, BrokenPipeError)
    with signals_as_interrupts(), suppress(*goes), ExitStack() as undo:
        # Held back by whoever has started this.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        settings = _settings(order)
        polling.configure(scale=settings.wait_scale)
        workspace = Workspace()
        undo.callback(workspace.close)
        run = RunContext(
            secrets.token_hex(3),
            Path(order.project),
            Path(order.cache),
            workspace,
            starter.console,
        )
        pool = ServicePool(settings, run, isolated=False, may_keep=False)
        undo.callback(pool.close)
        undo.callback(hold_signals_back)
        key = secrets.token_bytes(32)
        try:
            listener = undo.enter_context(_listener(workspace, key))
            pool.check([order.name])
            pool.start([order.name], RUN)
            running = pool.acquire(order.name, RUN)
        except TruestepError as error:
            starter.tell(Report(error=(error.what, error.seen, error.looked, error.remedy)))
            return
        # From now on Ctrl-C in a terminal is not meant for it.
        os.setsid()
        values = settings.services[order.name]
        told = _told(order, fingerprint(order.name, values), running, str(listener.address), key)
        state = State(run.root)
        # Locked until this process is gone, and all that it has started.
        state.write(told)
        undo.callback(state.forget, order.name)
        threading.Thread(target=_listen, args=(listener, running), daemon=True).start()
        starter.tell(Report(running.version, running.took_s))
        while running.provider.death() is None:
            pause(_LOOKS_EVERY_S)


def _listener(workspace: Workspace, key: bytes) -> Listener:
    # In there, so that it goes with a keeper that is killed.
    try:
        return Listener(str(workspace.folder("keeper") / "socket"), "AF_UNIX", authkey=key)
    except OSError as error:
        raise ServiceError(
            "a service cannot be kept here",
            seen=f"its keeper cannot have a socket: {error.strerror or error}",
            looked=tempfile.gettempdir(),
            remedy="set TMPDIR to a folder that can be written, with a short path",
        ) from error


def _settings(order: Order) -> Settings:
    with tempfile.TemporaryDirectory(prefix="truestep-keeper-") as empty:
        return read_settings(
            {order.name: registry.service_class(order.name).keys},
            folder=Path(empty),
            environment={},
            userdata=order.settings,
        )


def _told(
    order: Order, settings: str, running: RunningService, address: str, key: bytes
) -> KeptService:
    return KeptService(
        name=order.name,
        project=order.project,
        settings=settings,
        backend=running.choice.backend,
        version=running.version,
        endpoint=running.endpoint,
        pid=os.getpid(),
        address=address,
        key=key.hex(),
    )


def _listen(listener: Listener, running: RunningService) -> None:
    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, ConnectionError, EOFError):
            # Somebody who does not know the key, or a run that has died.
            continue
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, running), daemon=True).start()


def _answer(connection: Connection[Any, Any], running: RunningService) -> None:
    with connection, suppress(OSError, EOFError):
        while True:
            method, arguments = connection.recv()
            if method not in _ANSWERED:
                return
            connection.send(getattr(running.provider, method)(*arguments))


if __name__ == "__main__":
    # Whoever has started this waits for its end, which comes at once, and for what it says. A
    # Ctrl-C that came meanwhile would not be passed on.
    if signal.SIGINT in signal.sigpending() or os.fork():
        os._exit(0)
    keep(Order(**json.load(sys.stdin)), Starter())
