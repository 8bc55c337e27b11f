"""An application as a local process on the services of the run."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from truestep.errors import SettingsError
from truestep.services.application.places import Acquire, Places
from truestep.services.base import Endpoint, Provider, RunContext
from truestep.services.processes import LOOPBACK, ServerProcess, free_port, refuse_taken_port
from truestep.settings import Values

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class LocalApplication(Provider):
    """Runs the command in a process group of its own, with only the environment it is given."""

    def __init__(self, name: str, values: Values, context: RunContext, acquire: Acquire) -> None:
        self._name = name
        self._values = values
        self._context = context
        self._acquire = acquire
        self.places = Places()
        self._process: ServerProcess | None = None

    def check(self) -> None:
        """Refuses a missing command, an unknown placeholder, and a port that is taken."""
        if not self._values["command"]:
            raise SettingsError(
                f"{self._name} cannot run here as a process",
                seen="it has no command",
                looked=f"[service.{self._name}]",
                remedy="add `command = …` to it, or use another backend for it",
            )
        known = {"port": "0"} | {
            f"{need}.{field}": ""
            for need in self._values["needs"]
            for field in ("url", "bootstrap")
        }
        self._environment(known)
        self._argv(known)
        if self._values["port"]:
            refuse_taken_port(self._name, self._values["port"])

    def start(self) -> Endpoint:
        """Makes the application's places on its services, then starts the command."""
        port = self._values["port"] or free_port()
        known = {"port": str(port)}
        for need in self._values["needs"]:
            url = self.places.make(self._acquire(need), self._name)
            known |= {f"{need}.url": url, f"{need}.bootstrap": url}
        logs = self._context.root / "reports" / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{self._name}.log"
        log.write_bytes(b"")
        self._process = ServerProcess(
            self._name,
            self._argv(known),
            workspace=self._context.workspace,
            log=log,
            folder=self._context.root / self._values["folder"],
            environment=_own_programs() | self._environment(known),
            stop_within_s=self._values["stop_within_s"],
        )
        self._process.start()
        return Endpoint(LOOPBACK, port, f"http://{LOOPBACK}:{port}")

    def beside(self) -> Mapping[str, Any]:
        """Returns the application's places on its services."""
        return self.places.beside()

    def stop(self) -> None:
        """Stops the process, then removes its places."""
        if self._process:
            self._process.stop()
        self.places.close()

    def death(self) -> str | None:
        """Returns None while the process lives, else how it ended."""
        return self._process.death() if self._process else "it was not started"

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of its log."""
        return self._process.log_tail(lines) if self._process else "(it was not started)"

    def _argv(self, known: Mapping[str, str]) -> list[str]:
        words = shlex.split(self._values["command"])
        return [self._fill(word, "command", known) for word in words]

    def _environment(self, known: Mapping[str, str]) -> dict[str, str]:
        return {
            key.removeprefix("env."): self._fill(value, key, known)
            for key, value in self._values.values.items()
            if key.startswith("env.")
        }

    def _fill(self, text: str, key: str, known: Mapping[str, str]) -> str:
        def value_of(found: re.Match[str]) -> str:
            if found[1] not in known:
                raise SettingsError(
                    f"{key} of {self._name} asks for {found[0]}, which is unknown",
                    seen=f"there are {', '.join(f'{{{name}}}' for name in known)}",
                    looked=self._values.origin(key),
                    remedy="correct it, or add the service to `needs`",
                )
            return known[found[1]]

        return _PLACEHOLDER.sub(value_of, text)


def _own_programs() -> dict[str, str]:
    """Programs installed beside this Python, `uvicorn` for one, are found first."""
    import os

    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
