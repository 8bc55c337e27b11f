"""Says what each service would run on here, and why; and what is wrong, if anything is."""

from __future__ import annotations

import platform
from pathlib import Path

import behave

from truestep import __version__
from truestep.console import Console
from truestep.errors import TruestepError
from truestep.housekeeping import kept, summary
from truestep.pool import ServicePool
from truestep.services import engine
from truestep.services.base import RunContext
from truestep.settings import Settings
from truestep.workspace import Workspace


def examine(settings: Settings, root: Path, console: Console) -> int:
    """Checks, without starting anything, all that a run with every service would check.

    Args:
        settings: of the project.
        root: the project's folder.
        console: where the findings are printed.

    Returns:
        0 when every service could be started, else 1.
    """
    console.say(f"truestep   {__version__}, behave {behave.__version__}")
    console.say(
        f"python     {platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    console.say(f"docker     {engine.engine_problem() or 'an engine answers'}")
    found = kept(settings.cache)
    unfinished = [f"; {one.what} {one.problem}" for one in found if one.problem]
    console.say(f"cache      {settings.cache}: {summary(found)}{''.join(unfinished)}")
    pool = ServicePool(settings, RunContext("doctor", root, settings.cache, Workspace(), console))
    healthy = True
    for name in settings.services:
        try:
            pool.check([name])
        except TruestepError as error:
            healthy = False
            console.say(f"{name:<10} cannot run\n{error}")
        else:
            choice = pool.choice(name)
            console.say(f"{name:<10} {choice.backend}: {choice.why}")
    return 0 if healthy else 1
