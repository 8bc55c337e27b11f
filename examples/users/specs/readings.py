"""The profiles that were read in one story, and where they came from."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from behave.runner import Context

from examples.users.cache import Profile, ProfileCache
from examples.users.profiles import ProfileRead, Profiles
from examples.users.specs.people import people

_KEPT_FOR = timedelta(minutes=10)


class Readings:
    """Reads profiles as the application does, and remembers what came of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._results: list[ProfileRead | None] = []

    @cached_property
    def _profiles(self) -> Profiles:
        repository = people(self._context).repository
        return Profiles(repository, ProfileCache(self._context.redis), kept_for=_KEPT_FOR)

    def read(self, person: str) -> None:
        """Reads the profile of a person who signed up before."""
        self._results.append(self._profiles.read(people(self._context).signed_up(person).email))

    @property
    def last(self) -> ProfileRead | None:
        """What the last reading found."""
        return self._results[-1]

    @property
    def profiles(self) -> list[Profile]:
        """The profiles that were found, in order."""
        return [result.profile for result in self._results if result]

    def cached(self) -> Profile | None:
        """Returns what the cache has of the person whose profile was read last."""
        return ProfileCache(self._context.redis).get(self.profiles[-1].email)


def readings(context: Context) -> Readings:
    """Returns the readings of this story."""
    if "readings" not in context:
        context.readings = Readings(context)
    found: Readings = context.readings
    return found
