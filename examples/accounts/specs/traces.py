"""What the service leaves behind: rows in the database, keys in the cache, news for other teams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from behave.runner import Context
from hamcrest import equal_to
from psycopg2.extras import RealDictCursor

from examples.accounts.config import TOPIC
from examples.accounts.specs.holders import holders
from truestep.polling import eventually
from truestep.services.kafka.events import Event

# A broker that comes back has repetitions to sort out first.
_ANNOUNCED_WITHIN_S = 15.0


@dataclass(frozen=True)
class Stored:
    """An account as it stands in the database."""

    id: int
    name: str
    email: str


class Traces:
    """Looks behind the service."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def stored(self) -> list[Stored]:
        """Returns the accounts in the database, by number."""
        return [
            Stored(**row) for row in self._rows("SELECT id, name, email FROM users ORDER BY id")
        ]

    def stored_of(self, who: str) -> list[Stored]:
        """Returns somebody's account in the database: one, or none when it was closed."""
        number = holders(self._context).account(who)["id"]
        return [account for account in self.stored() if account.id == number]

    def cached(self) -> list[str]:
        """Returns the keys in the cache."""
        return sorted(self._context.redis.keys())

    def cached_for(self, who: str) -> timedelta:
        """Returns how long the cache still keeps somebody's account: below zero if it does not."""
        return timedelta(milliseconds=self._context.redis.pttl(self._key(who)))

    def is_cached(self, who: str) -> bool:
        """Tells whether the cache has somebody's account."""
        return bool(self._context.redis.exists(self._key(who)))

    def news(self) -> list[Event]:
        """Returns all that other teams have heard, once nothing waits to be announced."""
        what = "that nothing waits to be announced any more"
        eventually(self._waiting, equal_to(0), what=what, within_s=_ANNOUNCED_WITHIN_S)
        events: list[Event] = self._context.kafka.events(TOPIC)
        return events

    def news_of(self, who: str) -> list[dict[str, Any]]:
        """Returns what other teams have heard of somebody, in order."""
        number = holders(self._context).account(who)["id"]
        return [told for told in (event.json() for event in self.news()) if told["id"] == number]

    def names_of(self, who: str) -> list[str]:
        """Returns the names that other teams have heard somebody is called by, in order."""
        return [told["name"] for told in self.news_of(who)]

    def _key(self, who: str) -> str:
        return f"user:{holders(self._context).account(who)['id']}"

    def _waiting(self) -> int:
        [row] = self._rows("SELECT count(*) FROM outbox")
        return int(row["count"])

    def _rows(self, query: str) -> list[dict[str, Any]]:
        with self._context.postgres.connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query)
            return [dict(row) for row in cursor]


def traces(context: Context) -> Traces:
    """Returns what this story has left behind up to now."""
    return Traces(context)
