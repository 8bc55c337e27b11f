"""The provider of a service that has a keeper: used by a run, never stopped by it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from truestep.errors import ServiceError
from truestep.keeping.state import KeptService
from truestep.redaction import register_secret
from truestep.services.base import Endpoint, HasLog, Provider

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_LISTENS_WITHIN_S = 5.0
GONE = "it was stopped, or its keeper has died"


class KeptProvider(Provider, HasLog):
    """Answers for a service that has a keeper, by asking that.

    Args:
        find: returns the service; called once, when it is started.
    """

    stays = True

    def __init__(self, find: Callable[[], KeptService]) -> None:
        self._find = find
        self._kept: KeptService | None = None
        self._asking = threading.Lock()
        self._connection: Connection[Any, Any] | None = None

    def check(self) -> None:
        """Nothing to refuse: it is there already."""

    def start(self) -> Endpoint:
        """Returns where the server answers; it was ready when it was given its keeper.

        Raises:
            ServiceError: it does not listen any more.
        """
        self._kept = kept = self._find()
        register_secret(urlsplit(kept.endpoint.url).password or "")
        try:
            socket.create_connection(
                (kept.endpoint.host, kept.endpoint.port), _LISTENS_WITHIN_S
            ).close()
        except OSError as error:
            raise ServiceError(
                f"{kept.name} (kept) does not answer",
                seen=str(error.strerror or error),
                looked=f"{kept.endpoint.host}:{kept.endpoint.port}",
                remedy="start it anew: python -m truestep down, then up",
            ) from error
        return kept.endpoint

    @property
    def version(self) -> str:
        """The server's version, once it is started."""
        return self._kept.version if self._kept else ""

    def stop(self) -> None:
        """Leaves the server alone."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def death(self) -> str | None:
        """Returns None while the server lives, else what became of it."""
        return cast(str | None, self._ask("death", instead=GONE))

    def log_tail(self, lines: int = 20) -> str:
        """Returns the last lines of the server's log."""
        return str(self._ask("log_tail", lines, instead=f"({GONE})"))

    def log_position(self) -> Any:
        """Returns where the log ends now."""
        return self._ask("log_position", instead=None)

    def log_since(self, position: Any) -> str:
        """Returns what was logged since then."""
        return str(self._ask("log_since", position, instead=""))

    def log_place(self) -> str:
        """Returns where the log is."""
        return str(self._ask("log_place", instead=f"({GONE})"))

    def _ask(self, method: str, *arguments: Any, instead: Any) -> Any:
        """Returns what the keeper answers; `instead` when it is gone."""
        with self._asking, suppress(OSError, EOFError):
            if self._connection is None:
                self._connection = self._connect()
            self._connection.send((method, arguments))
            return self._connection.recv()
        return instead

    def _connect(self) -> Connection[Any, Any]:
        # Imported late: a short run need not ask.
        from multiprocessing.connection import Client

        if self._kept is None:
            raise ConnectionError("it was not started")
        return Client(self._kept.address, "AF_UNIX", authkey=bytes.fromhex(self._kept.key))
