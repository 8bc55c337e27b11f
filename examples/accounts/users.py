"""Users in PostgreSQL. Each function works inside the transaction of its cursor."""

from __future__ import annotations

from psycopg2.errors import UniqueViolation
from psycopg2.extras import RealDictCursor

from examples.accounts.models import User

_COLUMNS = "id, name, email, created_at"


class EmailTakenError(Exception):
    """Another user has the e-mail address."""


class ThrowAwayEmailError(Exception):
    """The address is of a service that throws mail away."""


class NoSuchUserError(Exception):
    """There is no user with that number."""


def insert(cursor: RealDictCursor, name: str, email: str) -> User:
    """Stores a new user.

    Raises:
        EmailTakenError: the address is taken, in whatever upper and lower case.
        ThrowAwayEmailError: nobody would read mail to it for long.
    """
    domain = email.rpartition("@")[2].lower()
    cursor.execute("SELECT FROM throw_away_domains WHERE domain = %s", (domain,))
    if cursor.rowcount:
        raise ThrowAwayEmailError(email)
    try:
        cursor.execute(
            f"INSERT INTO users (name, email) VALUES (%s, %s) RETURNING {_COLUMNS}",  # noqa: S608
            (name, email),
        )
    except UniqueViolation:
        raise EmailTakenError(email) from None
    return _user(cursor)


def read(cursor: RealDictCursor, user_id: int, *, lock: bool = False) -> User:
    """Returns a user; with `lock`, nobody else changes it before the transaction ends.

    Raises:
        NoSuchUserError: there is none.
    """
    query = f"SELECT {_COLUMNS} FROM users WHERE id = %s"  # noqa: S608  # our own column names
    cursor.execute(query + (" FOR UPDATE" if lock else ""), (user_id,))
    return _user(cursor)


def find(cursor: RealDictCursor, email: str) -> list[User]:
    """Returns the users with an e-mail address, in whatever upper and lower case: one or none."""
    query = f"SELECT {_COLUMNS} FROM users WHERE lower(email) = lower(%s)"  # noqa: S608
    cursor.execute(query, (email,))
    return [User(**row) for row in cursor]


def rename(cursor: RealDictCursor, user_id: int, name: str) -> User:
    """Changes the name of a user and returns the user as it is then.

    Raises:
        NoSuchUserError: there is none.
    """
    query = f"UPDATE users SET name = %s WHERE id = %s RETURNING {_COLUMNS}"  # noqa: S608
    cursor.execute(query, (name, user_id))
    return _user(cursor)


def delete(cursor: RealDictCursor, user_id: int) -> User:
    """Deletes a user and returns the user as it was.

    Raises:
        NoSuchUserError: there is none.
    """
    query = f"DELETE FROM users WHERE id = %s RETURNING {_COLUMNS}"  # noqa: S608
    cursor.execute(query, (user_id,))
    return _user(cursor)


def _user(cursor: RealDictCursor) -> User:
    row = cursor.fetchone()
    if row is None:
        raise NoSuchUserError
    return User(**row)
