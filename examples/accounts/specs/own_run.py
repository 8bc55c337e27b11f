"""The service as a run of its own starts it, beside the run that behave is in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from truestep.console import Console
from truestep.pool import RUN, RunningService, ServicePool
from truestep.services.base import RunContext
from truestep.settings import Settings
from truestep.signals import signals_as_interrupts
from truestep.workspace import Workspace

NAME = "accounts"


def new_run(settings: Settings, folder: Path) -> RunContext:
    """Returns what services may know of a new run, whose logs go below `folder`."""
    return RunContext(secrets.token_hex(3), folder, settings.cache, Workspace(), Console())


@contextmanager
def started(settings: Settings, run: RunContext) -> Iterator[RunningService]:
    """Yields the service, healthy, on all that it needs; nothing of it is left at the end."""
    with ExitStack() as undo:
        undo.enter_context(signals_as_interrupts())
        undo.callback(run.workspace.close)
        pool = ServicePool(settings, run)
        undo.callback(pool.close)
        names = [NAME, *pool.stands_on(NAME)[0]]
        pool.check(names)
        pool.start(names, RUN)
        yield pool.acquire(NAME, RUN)
