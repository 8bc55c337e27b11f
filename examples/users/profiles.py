"""Reading profiles: from the cache when it has them, else from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from examples.users.cache import Profile, ProfileCache
from examples.users.repository import UserRepository


class Source(StrEnum):
    """Where a profile was read from."""

    CACHE = "cache"
    DATABASE = "database"


@dataclass(frozen=True)
class ProfileRead:
    """A profile and its source."""

    profile: Profile
    source: Source


class Profiles:
    """Reads profiles and caches for `kept_for` what it had to ask the database for."""

    def __init__(self, users: UserRepository, cache: ProfileCache, *, kept_for: timedelta) -> None:
        self._users = users
        self._cache = cache
        self._kept_for = kept_for

    def read(self, email: str) -> ProfileRead | None:
        """Returns the profile of the user with this e-mail address, or None if there is none."""
        cached = self._cache.get(email)
        if cached:
            return ProfileRead(cached, Source.CACHE)
        user = self._users.find_by_email(email)
        if user is None:
            return None
        profile = Profile.of(user)
        self._cache.put(profile, kept_for=self._kept_for)
        return ProfileRead(profile, Source.DATABASE)
