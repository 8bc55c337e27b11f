"""The announcements of one story: made, and seen on the topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property

from behave.runner import Context

from examples.users.events import Happening, MalformedEvent, UserEvent, UserEvents, decode
from examples.users.repository import User
from examples.users.specs.words import WORDS
from truestep.matchers.event_like import event_with
from truestep.matchers.has_event import has_event
from truestep.polling import eventually
from truestep.services.kafka.events import Event

TOPIC = "test-events"


class Announcements:
    """Makes announcements about people of the story, and sees what was announced."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._people: dict[str, User] = {}
        self.complaint = ""

    @cached_property
    def _publisher(self) -> UserEvents:
        kafka = self._context.kafka
        return UserEvents(kafka.producer(), kafka.topic(TOPIC))

    def about(self, name: str) -> User:
        """Returns a person to announce things about, who is made up at the first call."""
        email = f"{name.lower()}@example.com"
        made_up = User(len(self._people) + 1, name, email, datetime.now(UTC))
        return self._people.setdefault(name, made_up)

    def announce(self, name: str, what: Happening) -> None:
        """Announces what happened to a person."""
        self._publisher.announce(what, self.about(name))

    def announce_with(
        self, name: str, what: Happening, headers: Iterable[Mapping[str, str]]
    ) -> None:
        """Announces with the headers of a table with the columns `header` and `value`."""
        pairs = [(row["header"], row["value"].encode()) for row in headers]
        self._publisher.announce(what, self.about(name), pairs)

    def announce_all(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Announces, one after the other, what the columns `who` and `what` of a table say."""
        for row in rows:
            self.announce(row["who"], WORDS["Happening"](row["what"]))

    def announce_sign_ups(self, count: int) -> None:
        """Announces that so many people signed up."""
        for number in range(1, count + 1):
            self.announce(f"Member{number}", Happening.CREATED)

    def everybody(self) -> list[str]:
        """Returns the e-mails of all people that something was announced about, sorted."""
        return sorted(user.email for user in self._people.values())

    def publish_raw(self, text: str) -> None:
        """Puts something on the topic that is not made by the application."""
        self._context.kafka.publish(TOPIC, text.encode())

    def table(self, columns: Iterable[str], what: Happening) -> list[dict[str, str]]:
        """Returns those fields of each announcement of one type, as the rows of a table."""
        bodies = [event.json() for event in self._context.kafka.events(TOPIC)]
        names = list(columns)
        return [
            {name: str(body[name]) for name in names} for body in bodies if body["type"] == what
        ]

    def seen(self) -> list[UserEvent | MalformedEvent]:
        """Returns all that is on the topic now, as the application reads it."""
        return [decode(event.value) for event in self._context.kafka.events(TOPIC)]

    def wait_for(self, name: str, what: Happening, *, within_s: float) -> None:
        """Waits for an announcement as any step would; keeps the failure text if none comes."""
        wanted = {"type": what, "email": self.about(name).email}
        try:
            eventually(
                lambda: self._context.kafka.events(TOPIC),
                has_event(event_with(wanted)),
                what=f"an announcement about {name}",
                within_s=within_s,
            )
        except AssertionError as failure:
            self.complaint = str(failure)

    def only(self) -> Event:
        """Returns the one announcement that was made; fails the step when there are others."""
        [event] = self._context.kafka.events(TOPIC)
        found: Event = event
        return found


def announcements(context: Context) -> Announcements:
    """Returns the announcements of this story."""
    if "announcements" not in context:
        context.announcements = Announcements(context)
    found: Announcements = context.announcements
    return found
