"""An application as a local process on the services of the run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from truestep.errors import SettingsError
from truestep.services.application.placeholders import (
    TOPIC_SUFFIX,
    fill_placeholders,
    has_own_topics,
    placeholder_of,
)
from truestep.services.application.places import Acquire, Places
from truestep.services.base import Endpoint, RunContext
from truestep.services.local import LocalProvider
from truestep.services.processes import LOOPBACK, ServerProcess, free_port
from truestep.settings import Values

_LOGS = Path("reports", "logs")


class LocalApplication(LocalProvider):
    """Runs the command in a process group of its own, with only the environment it is given."""

    def __init__(self, name: str, values: Values, context: RunContext, acquire: Acquire) -> None:
        super().__init__(name, values, context)
        self._acquire = acquire
        self._folder: Path = context.root / values["folder"]
        self._log = context.root / _LOGS / f"{name}.log"
        self._places = Places()

    def check(self) -> None:
        """Refuses a command that is missing or not to be found, and a port that is taken.

        Raises:
            SettingsError, BackendUnavailableError: with what was seen and what to do.
        """
        if not self._values["command"]:
            raise SettingsError(
                f"{self._name} cannot run here as a process",
                seen="it has no command",
                looked=f"[service.{self._name}]",
                remedy="add `command = …` to it, or use another backend for it",
            )
        if not self._folder.is_dir():
            raise SettingsError(
                f"the folder of {self._name} is not there",
                seen=f"{self._values['folder']} is no folder",
                looked=self._values.origin("folder"),
                remedy="correct the path; it starts from the folder that behave runs in",
            )
        known = {"port": "0"} | {placeholder_of(need): "" for need in self._values["needs"]}
        known |= self._topic_suffix()
        environment = _environment(self._variables(known))
        self._refuse_unknown_program(self._argv(known)[0], environment["PATH"])
        super().check()

    def start(self) -> Endpoint:
        """Makes the application's places on its services, then starts the command."""
        port = self._values["port"] or free_port()
        known = {"port": str(port)} | self._topic_suffix()
        for need in self._values["needs"]:
            is_named = need != "kafka" or has_own_topics(self._values)
            place = self._places.make(self._acquire(need), self._name, is_named=is_named)
            known[placeholder_of(need)] = place
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        self._process = ServerProcess(
            self._name,
            self._argv(known),
            workspace=self._context.workspace,
            log=self._log,
            folder=self._folder,
            environment=_environment(self._variables(known)),
            stop_within_s=self._values["stop_within_s"],
        )
        self._process.start()
        return Endpoint(LOOPBACK, port, f"http://{LOOPBACK}:{port}")

    def beside(self) -> Mapping[str, Any]:
        """Returns the application's places on its services."""
        return self._places.beside()

    def stop(self) -> None:
        """Stops the process, then removes its places."""
        super().stop()
        self._places.close()

    def log_place(self) -> str:
        """Returns where the whole log is."""
        return str(_LOGS / self._log.name)

    def _topic_suffix(self) -> dict[str, str]:
        if "kafka" not in self._values["needs"]:
            return {}
        return {TOPIC_SUFFIX: f".{self._context.place_of(self._name)}"}

    def _argv(self, known: Mapping[str, str]) -> list[str]:
        return [self._fill(word, "command", known) for word in self._values["command"]]

    def _variables(self, known: Mapping[str, str]) -> dict[str, str]:
        return {
            key.removeprefix("env."): self._fill(value, key, known)
            for key, value in self._values.values.items()
            if key.startswith("env.")
        }

    def _fill(self, text: str, key: str, known: Mapping[str, str]) -> str:
        return fill_placeholders(text, known, name=self._name, key=key, values=self._values)

    def _refuse_unknown_program(self, program: str, path: str) -> None:
        """A program with a folder in its name starts from the command's folder, as in a shell."""
        has_folder = os.sep in program
        sought = str(self._folder / program) if has_folder else program
        if shutil.which(sought, path=path) is None:
            raise SettingsError(
                f"the command of {self._name} cannot be run",
                seen=f"there is no program {program!r}",
                looked=f"{self._values.origin('command')}; {sought if has_folder else 'PATH'}",
                remedy="install it, or correct the command",
            )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    # Programs installed beside this Python, `uvicorn` for one, are found first.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # Python keeps what it prints to a file for later; a log has to show it when it happens.
    return {"PATH": path, "PYTHONUNBUFFERED": "1", **variables}
