"""The teams of one story, which read the announcements as groups of readers."""

from __future__ import annotations

from collections import defaultdict

from behave.runner import Context
from hamcrest import equal_to

from examples.users.events import Happening, MalformedEvent, UserEvent, UserEventReader
from examples.users.specs.announcements import TOPIC
from truestep.polling import eventually


class Teams:
    """Lets each team read with one or more members, each a consumer in the team's group."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._members: dict[str, list[UserEventReader]] = defaultdict(list)

    def join(self, team: str, members: int = 1) -> None:
        """Starts the members of a team; returns when each has its share of the topic."""
        for _ in range(members):
            consumer = self._context.kafka.consumer(TOPIC, group=team)
            self._members[team].append(UserEventReader(consumer))
        eventually(
            lambda: self._shared_out(team),
            equal_to(True),
            what=f"that the {members} member(s) of the {team} share the topic",
            within_s=20.0,
        )

    def read(self, team: str) -> list[UserEvent]:
        """Returns what all members of a team have read so far, one member after the other."""
        return [event for member in self._members[team] for event in member.read()]

    def read_about(self, team: str, user_id: int) -> list[Happening]:
        """Returns what a team has read about one user so far."""
        return [event.type for event in self.read(team) if event.id == user_id]

    def who_signed_up(self, team: str) -> list[str]:
        """Returns the e-mails of the sign-ups that a team has read so far, sorted."""
        return sorted(e.email for e in self.read(team) if e.type is Happening.CREATED)

    def malformed(self, team: str) -> list[MalformedEvent]:
        """Returns what a team could not read so far."""
        self.read(team)
        return [event for member in self._members[team] for event in member.malformed]

    def counts(self, team: str) -> list[int]:
        """Returns how many announcements each member of a team has read."""
        return [len(member.events) for member in self._members[team]]

    def _shared_out(self, team: str) -> bool:
        # Each member has to take part for the others to get their shares.
        shares = [member.share() for member in self._members[team]]
        given = [partition for share in shares for partition in share]
        return all(shares) and len(given) == len(set(given))


def teams(context: Context) -> Teams:
    """Returns the teams of this story."""
    if "teams" not in context:
        context.teams = Teams(context)
    found: Teams = context.teams
    return found
