"""Users in PostgreSQL. The database guards the rules; its refusals become errors of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg2.errors import CheckViolation, NotNullViolation, UniqueViolation
from psycopg2.extensions import connection, cursor


@dataclass(frozen=True)
class User:
    """A user as stored; `created_at` carries a time zone."""

    id: int
    name: str
    email: str
    created_at: datetime


class RefusedError(Exception):
    """What was asked goes against a rule; nothing was changed."""


class EmailTakenError(RefusedError):
    """The e-mail address belongs to another user."""


class EmailMissingError(RefusedError):
    """A user needs an e-mail address."""


class NoSuchUserError(RefusedError):
    """Nobody has this id."""


class UserRepository:
    """Stores users over one connection; each call is a transaction of its own.

    A connection must not be shared by threads that save at the same time.
    """

    def __init__(self, database: connection) -> None:
        self._database = database

    def save(self, name: str, email: str | None) -> User:
        """Stores a new user and returns it with its id and creation time.

        Raises:
            EmailTakenError, EmailMissingError: the user was not stored.
        """
        with self._transaction() as rows:
            try:
                rows.execute(
                    "INSERT INTO users (name, email) VALUES (%s, %s)"
                    " RETURNING id, name, email, created_at",
                    (name, email),
                )
            except UniqueViolation as error:
                raise EmailTakenError(f"the e-mail {email!r} is taken") from error
            except (NotNullViolation, CheckViolation) as error:
                raise EmailMissingError(f"{name!r} has no e-mail") from error
            return _one(rows)

    def find_by_email(self, email: str) -> User | None:
        """Returns the user with exactly this e-mail address, or None."""
        with self._transaction() as rows:
            rows.execute("SELECT id, name, email, created_at FROM users WHERE email = %s", (email,))
            return next(iter(_all(rows)), None)

    def list(self) -> list[User]:
        """Returns all users in the order in which they were stored."""
        with self._transaction() as rows:
            rows.execute("SELECT id, name, email, created_at FROM users ORDER BY id")
            return _all(rows)

    def rename(self, user_id: int, name: str) -> User:
        """Gives a user another name and returns the user as stored now.

        Raises:
            NoSuchUserError: nobody has this id.
        """
        with self._transaction() as rows:
            rows.execute(
                "UPDATE users SET name = %s WHERE id = %s RETURNING id, name, email, created_at",
                (name, user_id),
            )
            return _changed(rows, user_id)

    def delete(self, user_id: int) -> User:
        """Removes a user and returns it as it was stored.

        Raises:
            NoSuchUserError: nobody has this id.
        """
        with self._transaction() as rows:
            rows.execute(
                "DELETE FROM users WHERE id = %s RETURNING id, name, email, created_at",
                (user_id,),
            )
            return _changed(rows, user_id)

    @contextmanager
    def _transaction(self) -> Iterator[cursor]:
        # psycopg2 commits at the end of `with connection`, and rolls back when it is left by an
        # error: so a refused save leaves the connection fit for the next one.
        with self._database, self._database.cursor() as rows:
            yield rows


def _all(rows: cursor) -> list[User]:
    return [User(*row) for row in rows.fetchall()]


def _one(rows: cursor) -> User:
    [user] = _all(rows)
    return user


def _changed(rows: cursor, user_id: int) -> User:
    if rows.rowcount == 0:
        raise NoSuchUserError(f"there is no user {user_id}")
    return _one(rows)
