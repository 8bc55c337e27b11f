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
from truestep.services.base import RunContext, Service
from truestep.settings import Settings
from truestep.settings.reading import read_settings
from truestep.workspace import Workspace


@contextmanager
def run_context() -> Iterator[RunContext]:
    """Yields a run with a workspace of its own and the user's cache, and no service."""
    with ExitStack() as undo:
        root = Path(undo.enter_context(TemporaryDirectory(prefix="truestep-bench-")))
        workspace = Workspace()
        undo.callback(workspace.close)
        yield RunContext(secrets.token_hex(3), root, settings(root).cache, workspace, Console())


def settings(root: Path) -> Settings:
    """Returns the defaults, whatever this machine's files say, for the embedded backend."""
    return read_settings(
        registry.service_keys(), folder=root, environment={}, userdata={"backend": "embedded"}
    )


def service(name: str, context: RunContext) -> Service:
    """Returns a service with these settings."""
    return registry.service_class(name)(settings(context.root).services[name], context)


@contextmanager
def started(names: Sequence[str]) -> Iterator[ServicePool]:
    """Yields a pool that is starting the embedded services `names`; they are stopped at the end."""
    with run_context() as context, ExitStack() as undo:
        pool = ServicePool(settings(context.root), context)
        undo.callback(pool.close)
        pool.check(names)
        pool.start(names, RUN)
        yield pool
