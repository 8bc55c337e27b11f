"""Signing up, changing and leaving, with all that follows from it."""

from __future__ import annotations

from examples.users.cache import ProfileCache
from examples.users.events import Happening, UserEvents
from examples.users.repository import User, UserRepository


class Membership:
    """Stores users, announces what happens to them, and drops cached profiles that are outdated.

    Without `events` nothing is announced; without `cache` nothing is cached that could be dropped.
    """

    def __init__(
        self,
        users: UserRepository,
        *,
        events: UserEvents | None = None,
        cache: ProfileCache | None = None,
    ) -> None:
        self._users = users
        self._events = events
        self._cache = cache

    def sign_up(self, name: str, email: str | None) -> User:
        """Stores and announces a new user; raises RefusedError when it is not stored."""
        return self._followed(Happening.CREATED, self._users.save(name, email))

    def rename(self, user: User, name: str) -> User:
        """Gives a user another name; raises NoSuchUserError when the user has left."""
        return self._followed(Happening.RENAMED, self._users.rename(user.id, name))

    def leave(self, user: User) -> User:
        """Removes a user; raises NoSuchUserError when the user has left already."""
        return self._followed(Happening.DELETED, self._users.delete(user.id))

    def _followed(self, what: Happening, user: User) -> User:
        if self._cache:
            self._cache.forget(user.email)
        if self._events:
            self._events.announce(what, user)
        return user
