"""Embedded servers as a run starts them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from truestep.console import Console
from truestep.pool import RUN, ServicePool
from truestep.services import registry
from truestep.services.base import RunContext
from truestep.settings import read_settings
from truestep.workspace import Workspace


@contextmanager
def started(names: Sequence[str]) -> Iterator[ServicePool]:
    """Yields a pool that is starting the embedded services `names`; they are stopped at the end.

    All settings but the backend have their defaults, whatever this machine's files say.
    """
    with ExitStack() as undo:
        root = Path(undo.enter_context(TemporaryDirectory(prefix="truestep-bench-")))
        settings = read_settings(
            registry.service_keys(), folder=root, environment={}, userdata={"backend": "embedded"}
        )
        workspace = Workspace()
        undo.callback(workspace.close)
        run = RunContext(secrets.token_hex(3), root, settings.cache, workspace, Console())
        pool = ServicePool(settings, run)
        undo.callback(pool.close)
        pool.check(names)
        pool.start(names, RUN)
        yield pool
