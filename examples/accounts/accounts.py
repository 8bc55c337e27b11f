"""What can be done with accounts: stored, announced, cached."""

from __future__ import annotations

from collections.abc import Callable

from examples.accounts import outbox, users
from examples.accounts.cache import UserCache
from examples.accounts.database import Database
from examples.accounts.models import User
from examples.accounts.outbox import Happening


class Accounts:
    """Each change is one transaction, with what is to be announced of it.

    Args:
        database: where users are stored.
        cache: where users are kept who were read.
        changed: called after each change, when there is something to announce.
    """

    def __init__(self, database: Database, cache: UserCache, changed: Callable[[], None]) -> None:
        self._database = database
        self._cache = cache
        self._changed = changed

    def sign_up(self, name: str, email: str) -> User:
        """Stores a new user; EmailTakenError or ThrowAwayEmailError when the address won't do."""
        with self._database.transaction() as cursor:
            user = users.insert(cursor, name, email)
            outbox.put(cursor, Happening.CREATED, user)
        self._changed()
        return user

    def read(self, user_id: int) -> tuple[User, bool]:
        """Returns a user, and whether it came from the cache; NoSuchUserError if there is none."""
        cached = self._cache.get(user_id)
        if cached is not None:
            return cached, True
        with self._database.transaction() as cursor:
            user = users.read(cursor, user_id)
        self._cache.put(user)
        return user, False

    def find(self, email: str) -> list[User]:
        """Returns the user with that e-mail address, or nobody."""
        with self._database.transaction() as cursor:
            return users.find(cursor, email)

    def rename(self, user_id: int, name: str) -> User:
        """Renames a user; to the same name is no change. NoSuchUserError if there is none."""
        with self._database.transaction() as cursor:
            before = users.read(cursor, user_id, lock=True)
            if before.name == name:
                return before
            user = users.rename(cursor, user_id, name)
            outbox.put(cursor, Happening.RENAMED, user, previous_name=before.name)
        self._cache.forget(user_id)
        self._changed()
        return user

    def leave(self, user_id: int) -> None:
        """Deletes a user; NoSuchUserError if there is none."""
        with self._database.transaction() as cursor:
            outbox.put(cursor, Happening.DELETED, users.delete(cursor, user_id))
        self._cache.forget(user_id)
        self._changed()
