"""Announces through Kafka what waits in the outbox."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Any

import psycopg2
from kafka.errors import KafkaError, KafkaTimeoutError

from examples.accounts import outbox
from examples.accounts.announcer import Announcer
from examples.accounts.database import Database

_log = logging.getLogger("accounts.relay")

_AT_ONCE = 100
# Other instances of the service fill the same outbox without telling us.
_LOOKS_EVERY_S = 1.0
_TRIES_AGAIN_AFTER_S = 0.5
_ASKS_EVERY_S = 0.2
_STOPS_WITHIN_S = 3.0


class Relay:
    """A thread that takes events from the outbox, announces them, and deletes them once acked.

    An event that was handed to the producer is never handed over again while it may still arrive:
    the producer repeats it until the broker answers, and the broker knows a repetition. Only when
    the service dies between the broker's answer and the deletion is an event sent again; its
    `event-id` is then the same as before.

    Args:
        database: where the outbox is; of its own, as it may keep a connection for long.
        announcer: the way to Kafka.
    """

    def __init__(self, database: Database, announcer: Announcer) -> None:
        self._database = database
        self._announcer = announcer
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def wake(self) -> None:
        """Says that there may be something in the outbox."""
        self._wake.set()

    def stop(self) -> None:
        """Ends soon, whoever does not answer; what was not announced stays in the outbox."""
        self._stopping.set()
        self._wake.set()
        # A daemon: a database that does not answer keeps nobody from stopping.
        self._thread.join(_STOPS_WITHIN_S)
        self._announcer.close()
        self._database.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._announcer.prepare()
                # Cleared first, so that what comes while we look is seen in the next round.
                self._wake.clear()
                while self._announce_next() and not self._stopping.is_set():
                    pass
            except (KafkaError, OSError, psycopg2.Error) as error:
                _log.warning("announcing pauses: %s: %s", type(error).__name__, error)
                self._stopping.wait(_TRIES_AGAIN_AFTER_S)
            else:
                self._wake.wait(_LOOKS_EVERY_S)

    def _announce_next(self) -> int:
        """Announces the next events; returns how many were announced."""
        with self._database.transaction() as cursor:
            handed_over = self._hand_over(outbox.take(cursor, _AT_ONCE))
            announced = [number for number, sent in handed_over if self._arrived(sent)]
            outbox.delete(cursor, announced)
        return len(announced)

    def _hand_over(self, events: Iterable[outbox.Waiting]) -> list[tuple[int, Any]]:
        handed_over: list[tuple[int, Any]] = []
        for event in events:
            try:
                handed_over.append((event.id, self._announcer.send(event)))
            except KafkaTimeoutError as error:
                # Not even handed over, for lack of an answer; those before it still have to be
                # waited for.
                _log.warning("event %s waits: %s", event.event_id, error)
                break
        return handed_over

    def _arrived(self, sent: Any) -> bool:
        """Waits for the broker's answer as long as it takes, or until the service stops."""
        while not self._stopping.is_set() or sent.is_done:
            try:
                sent.get(_ASKS_EVERY_S)
            except KafkaError as error:
                if not sent.is_done:
                    continue
                _log.warning("an event was not taken: %s: %s", type(error).__name__, error)
                self._announcer.close()
                return False
            return True
        return False
