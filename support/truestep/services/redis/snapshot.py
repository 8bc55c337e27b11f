"""What a scenario has in its database: keys with values and the time they have left."""

from __future__ import annotations

from typing import Any, cast

import redis
from redis.client import NEVER_DECODE

from truestep.evidence import Snapshot
from truestep.services.redis.keys import Key

_SHOWN_KEYS = 200
_AT_ONCE = 500


def keys_of(client: redis.Redis) -> Snapshot:
    """Returns what is in the client's database, by name."""
    names = sorted(_names(client))
    rows = [_row(client, name) for name in names[:_SHOWN_KEYS]]
    if len(names) > _SHOWN_KEYS:
        rows.append({"key": f"… and more than {len(names) - _SHOWN_KEYS - 1} others"})
    return Snapshot("keys", rows)


def _names(client: redis.Redis) -> set[bytes]:
    """Returns the names of some keys, up to one batch more than are shown."""
    names: set[bytes] = set()
    cursor: Any = 0
    while True:
        # Not decoded: a name need not be text.
        answer = cast("Any", client).execute_command(
            "SCAN", cursor, "COUNT", _AT_ONCE, **{NEVER_DECODE: True}
        )
        cursor, found = int(answer[0]), answer[1]
        names.update(found)
        if cursor == 0 or len(names) > _SHOWN_KEYS:
            return names


def _row(client: redis.Redis, name: bytes) -> dict[str, Any]:
    text = name.decode(errors="backslashreplace")
    stored = Key(client, cast("Any", name)).read()
    left = stored.expires_in
    return {
        "key": text,
        "type": stored.kind,
        "value": stored.value,
        "time left": "for ever" if left is None else f"{left.total_seconds():.3f} s",
    }
