"""The outbox: what will be announced, stored in the transaction of the change it tells of.

So a change that is stored will be announced, and one that is rolled back will not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg2.extras import Json, RealDictCursor

from examples.accounts.models import User

# Only the oldest waiting event of each user: the next one can be taken when this one is deleted,
# so the events of one user are announced in order, however many relays there are. The lock keeps
# other relays off, and whoever wants to empty the table waits until what is under way is through.
_TAKE = """
SELECT id, event_id, user_id, body FROM outbox AS one
WHERE NOT EXISTS (
  SELECT FROM outbox AS earlier WHERE earlier.user_id = one.user_id AND earlier.id < one.id
)
ORDER BY id LIMIT %s
FOR UPDATE SKIP LOCKED
"""


class Happening(StrEnum):
    """What can happen to a user."""

    CREATED = "user.created"
    RENAMED = "user.renamed"
    DELETED = "user.deleted"


@dataclass(frozen=True)
class Waiting:
    """An event that waits to be announced. `event_id` is the same whenever it is sent again."""

    id: int
    event_id: str
    user_id: int
    body: dict[str, Any]


def put(cursor: RealDictCursor, what: Happening, user: User, **more: str) -> None:
    """Stores that something happened to `user`, with `more` to tell of it."""
    body = {"type": what, "id": user.id, "name": user.name, "email": user.email, **more}
    cursor.execute("INSERT INTO outbox (user_id, body) VALUES (%s, %s)", (user.id, Json(body)))


def take(cursor: RealDictCursor, count: int) -> list[Waiting]:
    """Locks and returns the next events, `count` at the most and one for each user."""
    cursor.execute(_TAKE, (count,))
    return [Waiting(**row) for row in cursor]


def delete(cursor: RealDictCursor, ids: Iterable[int]) -> None:
    """Deletes events that have been announced."""
    announced: Sequence[int] = list(ids)
    cursor.execute("DELETE FROM outbox WHERE id = ANY(%s)", (announced,))
