"""Noticing that a broker is gone, without asking it anything."""

from __future__ import annotations

import select
import socket

from truestep.services.kafka.url import split_servers

_REACHED_WITHIN_S = 1.0


class Watch:
    """A connection that says nothing, to one of several servers.

    kafka-python would try for ten seconds to reach a server that has died.

    Args:
        servers: the bootstrap servers.
    """

    def __init__(self, servers: str) -> None:
        self._servers = split_servers(servers)
        self._connection: socket.socket | None = None

    def raise_if_gone(self) -> None:
        """Looks whether the connection is still open; if it is not, opens another one.

        Raises:
            OSError: none of the servers accepts a connection.
        """
        # There is nothing to be read from it but its end: it may have been idle for too long.
        if self._connection is None or select.select([self._connection], [], [], 0)[0]:
            self.close()
            self._connection = self._connect()

    def close(self) -> None:
        """Closes the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connect(self) -> socket.socket:
        failures: list[OSError] = []
        for server in self._servers:
            try:
                return socket.create_connection(server, timeout=_REACHED_WITHIN_S)
            except OSError as error:
                failures.append(error)
        raise failures[-1]
