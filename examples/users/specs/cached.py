"""The cached profiles of one story."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from behave.runner import Context

from examples.users.cache import Profile, ProfileCache

_MEMBER_SINCE = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)


class CachedProfiles:
    """Caches profiles of the story's people, and remembers each as it was before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._began_s = time.monotonic()
        self._profiles: dict[str, Profile] = {}

    @cached_property
    def _cache(self) -> ProfileCache:
        return ProfileCache(self._context.redis)

    def original(self, person: str) -> Profile:
        """Returns the profile of a person, who is made up at the first call."""
        made_up = Profile(person, f"{person.lower()}@example.com", _MEMBER_SINCE)
        return self._profiles.setdefault(person, made_up)

    def call(self, person: str, name: str) -> None:
        """Gives a person the name that the profile will show."""
        self._profiles[person] = replace(self.original(person), name=name)

    def keep(self, person: str, kept_for: timedelta | None) -> None:
        """Caches a person's profile for that time; None: for good."""
        self._cache.put(self.original(person), kept_for=kept_for)

    def get(self, person: str) -> Profile | None:
        """Returns what the cache has of a person."""
        return self._cache.get(self.original(person).email)

    def seconds_left(self, person: str) -> float | None:
        """Returns the seconds that a profile is still cached; None: for good."""
        left = self._cache.remaining(self.original(person).email)
        return None if left is None else left.total_seconds()

    def really_passed_s(self) -> float:
        """Returns the seconds since the story first spoke of profiles, on a clock on the wall."""
        return time.monotonic() - self._began_s


def cached(context: Context) -> CachedProfiles:
    """Returns the cached profiles of this story."""
    if "cached" not in context:
        context.cached = CachedProfiles(context)
    found: CachedProfiles = context.cached
    return found
