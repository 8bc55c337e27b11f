"""One key of a scenario's database: written as a whole, read whatever its type is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from truestep.errors import nearest

if TYPE_CHECKING:
    import redis

MISSING = "none"

# Type, value and expiry in one go: they belong to the same moment, and no type can be the wrong
# one to read.
_READ = """
local kind = redis.call('TYPE', KEYS[1]).ok
local reads = {
  string = {'GET', KEYS[1]},
  hash = {'HGETALL', KEYS[1]},
  list = {'LRANGE', KEYS[1], 0, -1},
  set = {'SMEMBERS', KEYS[1]},
  zset = {'ZRANGE', KEYS[1], 0, -1},
}
local value = ''
if reads[kind] then
  value = redis.call(unpack(reads[kind]))
end
return {kind, value, redis.call('PTTL', KEYS[1])}
"""
_LOOKED_THROUGH = 200
_ALIKE = 0.6


@dataclass(frozen=True)
class Stored:
    """What a key held at one moment.

    `kind` is Redis's name for its type, `none` for a key that does not exist; `value` is text, a
    list or a dictionary of texts; `expires_in` is None for a key without expiry; `like` is the
    existing key most like a missing one.
    """

    name: str
    kind: str
    value: Any
    expires_in: timedelta | None = field(default=None, compare=False)
    like: str | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Says in words what is there, for failure texts."""
        if self.kind == MISSING:
            like = "" if self.like is None else f'; the nearest is "{self.like}"'
            return f'there is no key "{self.name}"{like}'
        return f"a {self.kind}: {self.value!r}"


class Key:
    """The key `name` in the database of `client`."""

    def __init__(self, client: redis.Redis, name: str) -> None:
        self._client = client
        self._name = name

    def read(self) -> Stored:
        """Reads type, value and expiry; bytes that are not text are shown by their numbers."""
        kind, value, left_ms = self._answer("EVAL", _READ, "1", self._name)
        return Stored(
            self._name,
            _text(kind),
            _value(_text(kind), value),
            timedelta(milliseconds=left_ms) if left_ms >= 0 else None,
            self._nearest() if _text(kind) == MISSING else None,
        )

    def set_text(self, value: str, expiry: timedelta | None = None) -> None:
        """Makes it a string, with an expiry or without."""
        self._client.set(self._name, value, px=expiry)

    def set_hash(self, fields: Mapping[str, str]) -> None:
        """Makes it a hash of exactly these fields."""
        with self._client.pipeline() as both:
            both.delete(self._name)
            both.hset(self._name, items=[part for pair in fields.items() for part in pair])
            both.execute()

    def set_list(self, values: Sequence[str]) -> None:
        """Makes it a list of exactly these values, in this order."""
        with self._client.pipeline() as both:
            both.delete(self._name)
            both.rpush(self._name, *values)
            both.execute()

    def delete(self) -> None:
        """Deletes it, if it exists."""
        self._client.delete(self._name)

    def _nearest(self) -> str | None:
        names = islice(self._answer("KEYS", "*"), _LOOKED_THROUGH)
        return nearest(self._name, map(_text, names), cutoff=_ALIKE)

    def _answer(self, *command: str) -> Any:
        # Imported late: steps are loaded in every run, and this takes 50 ms.
        from redis.client import NEVER_DECODE

        # Not decoded: what is stored need not be text, though the client of a scenario gives text.
        return cast("Any", self._client).execute_command(*command, **{NEVER_DECODE: True})


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _value(kind: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return _text(value)
    texts = [_text(part) for part in value]
    return dict(zip(texts[::2], texts[1::2], strict=True)) if kind == "hash" else texts
