"""User profiles in Redis, as JSON, for a while."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import redis

from examples.users.repository import User


@dataclass(frozen=True)
class Profile:
    """What others see of a user."""

    name: str
    email: str
    member_since: datetime

    @classmethod
    def of(cls, user: User) -> Profile:
        """Returns the profile of a stored user."""
        return cls(user.name, user.email, user.created_at)


class ProfileCache:
    """Keeps profiles by e-mail address in a Redis that answers in text (`decode_responses`)."""

    def __init__(self, store: redis.Redis) -> None:
        self._store = store

    def put(self, profile: Profile, *, kept_for: timedelta | None) -> None:
        """Keeps `profile` for that time, counted from now; None keeps it for good."""
        text = json.dumps(asdict(profile) | {"member_since": profile.member_since.isoformat()})
        self._store.set(_key(profile.email), text, px=kept_for)

    def get(self, email: str) -> Profile | None:
        """Returns the profile, or None when it is not (or no longer) here."""
        text = cast(str | None, self._store.get(_key(email)))
        return None if text is None else _profile(json.loads(text))

    def remaining(self, email: str) -> timedelta | None:
        """Returns how long the profile is still kept: zero if it is not here, None if for good."""
        milliseconds = self._store.pttl(_key(email))
        return None if milliseconds == -1 else timedelta(milliseconds=max(milliseconds, 0))

    def forget(self, email: str) -> None:
        """Drops the profile, if it is here."""
        self._store.delete(_key(email))


def _key(email: str) -> str:
    return f"profile:{email}"


def _profile(fields: dict[str, Any]) -> Profile:
    return Profile(**fields | {"member_since": datetime.fromisoformat(fields["member_since"])})
