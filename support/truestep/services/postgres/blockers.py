"""Who keeps a lock that others wait for, since when, and from which scenario on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

_SHOWN_CHARACTERS = 300
_BLOCKERS = """
    SELECT activity.pid, activity.application_name, activity.state, activity.query,
           activity.xact_start, clock_timestamp() - activity.xact_start,
           array_agg(DISTINCT held.relation::regclass::text)
    FROM pg_locks held JOIN pg_stat_activity activity USING (pid)
    WHERE held.locktype = 'relation' AND held.granted AND activity.pid <> pg_backend_pid()
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND held.relation IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'S'))
      AND CASE
          WHEN %(oids)s IS NULL THEN held.mode = 'AccessExclusiveLock'
          ELSE COALESCE(pg_partition_root(held.relation)::oid, held.relation) = ANY(%(oids)s::oid[])
      END
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY activity.xact_start
"""


@dataclass(frozen=True)
class Blocker:
    """A session with an open transaction; times are None when the server does not tell them."""

    pid: int
    application: str
    state: str
    query: str
    began: datetime | None
    open_for: timedelta | None
    tables: tuple[str, ...]

    def __str__(self) -> str:
        """Names the session, how long its transaction is open, and its last query."""
        whose = f'"{self.application}"' if self.application else "without an application name"
        lasts = "" if self.open_for is None else f" for {self.open_for.total_seconds():.1f} s"
        query = re.sub(r"\s+", " ", self.query).strip()
        if len(query) > _SHOWN_CHARACTERS:
            query = f"{query[:_SHOWN_CHARACTERS]}…"
        return (
            f"session {self.pid} ({whose}, {self.state}) has a transaction open{lasts};"
            f" its last query: {query}"
        )


def find_blockers(connection: Connection, oids: Iterable[int] | None) -> list[Blocker]:
    """Returns the sessions that hold a lock on one of these tables or sequences, oldest first.

    With None: those that keep others from reading any table.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKERS, {"oids": None if oids is None else list(oids)})
        return [
            Blocker(pid, name or "", state or "hidden", query or "", began, lasts, tuple(tables))
            for pid, name, state, query, began, lasts, tables in cursor.fetchall()
        ]
