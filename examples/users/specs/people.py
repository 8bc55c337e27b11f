"""The people of one story: who signed up, who was refused, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Barrier

from behave.runner import Context

from examples.users.cache import ProfileCache
from examples.users.events import UserEvents
from examples.users.membership import Membership
from examples.users.repository import RefusedError, User, UserRepository

_MEET_WITHIN_S = 10.0


class People:
    """Signs people up as the application does, and remembers them by the names of the story."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, User] = {}
        self.refusals: dict[str, RefusedError] = {}
        self.found: User | None = None

    @cached_property
    def repository(self) -> UserRepository:
        """The stored users."""
        return UserRepository(self._context.postgres.connect())

    @cached_property
    def _membership(self) -> Membership:
        # As much of the application as the story's tags ask for.
        tags, context = self._context.tags, self._context
        topic = context.kafka.topic("test-events") if "kafka" in tags else ""
        return Membership(
            self.repository,
            events=UserEvents(context.kafka.producer(), topic) if topic else None,
            cache=ProfileCache(context.redis) if "redis" in tags else None,
        )

    def sign_up(self, name: str, email: str | None) -> None:
        """Lets a person sign up; a refusal is remembered."""
        try:
            self._known[name] = self._membership.sign_up(name, email)
        except RefusedError as refusal:
            self.refusals[name] = refusal

    def sign_up_all(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Signs up the people of a table with the columns `name` and `e-mail`."""
        for row in rows:
            self.sign_up(row["name"], row["e-mail"])
            self.signed_up(row["name"])

    def sign_up_at_once(self, names: Iterable[str], email: str) -> None:
        """Lets people sign up with one e-mail, each over a connection of its own."""
        rivals = list(names)
        repositories = {name: UserRepository(self._context.postgres.connect()) for name in rivals}
        start = Barrier(len(rivals), timeout=_MEET_WITHIN_S)

        def save(name: str) -> User | RefusedError:
            start.wait()
            try:
                return repositories[name].save(name, email)
            except RefusedError as refusal:
                return refusal

        with ThreadPoolExecutor(len(rivals)) as pool:
            for name, outcome in zip(rivals, pool.map(save, rivals), strict=True):
                if isinstance(outcome, User):
                    self._known[name] = outcome
                else:
                    self.refusals[name] = outcome

    def rename(self, person: str, name: str) -> None:
        """Renames a person who signed up before; a refusal is remembered."""
        try:
            self._membership.rename(self.signed_up(person), name)
        except RefusedError as refusal:
            self.refusals[person] = refusal

    def leave(self, person: str) -> None:
        """Removes a person who signed up before."""
        self._membership.leave(self.signed_up(person))

    def signed_up(self, person: str) -> User:
        """Returns the user as the sign-up returned it; fails the step when there was none."""
        if person not in self._known:
            raise AssertionError(
                f"{person} is not signed up: {self.refusals.get(person, 'never tried')}"
            )
        return self._known[person]

    def stored(self, person: str) -> User | None:
        """Returns the user as stored now."""
        return self.repository.find_by_email(self.signed_up(person).email)

    def listed(self) -> list[dict[str, str]]:
        """Returns the stored users as the rows of a table."""
        return [
            {"number": str(user.id), "name": user.name, "e-mail": user.email}
            for user in self.repository.list()
        ]

    def names(self) -> list[str]:
        """Returns the names of the stored users, in order."""
        return [user.name for user in self.repository.list()]


def people(context: Context) -> People:
    """Returns the people of this story."""
    if "people" not in context:
        context.people = People(context)
    found: People = context.people
    return found
