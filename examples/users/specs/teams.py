"""The teams of one story, which read the announcements as groups of readers."""

from __future__ import annotations

from collections import defaultdict

from behave.runner import Context
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description

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
            reader = UserEventReader(self._context.kafka.consumer(TOPIC, group=team))
            self._context.add_cleanup(reader.stop)
            reader.start()
            self._members[team].append(reader)
        eventually(
            lambda: [member.share() for member in self._members[team]],
            _SharedOut(),
            what=f"the shares of the members of the {team}",
            within_s=20.0,
        )

    def read(self, team: str) -> list[UserEvent]:
        """Returns what all members of a team have read so far, one member after the other."""
        return [event for member in self._members[team] for event in member.events()]

    def read_about(self, team: str, user_id: int) -> list[Happening]:
        """Returns what a team has read about one user so far."""
        return [event.type for event in self.read(team) if event.id == user_id]

    def who_signed_up(self, team: str) -> list[str]:
        """Returns the e-mails of the sign-ups that a team has read so far, sorted."""
        return sorted(e.email for e in self.read(team) if e.type is Happening.CREATED)

    def malformed(self, team: str) -> list[MalformedEvent]:
        """Returns what a team could not read so far."""
        return [event for member in self._members[team] for event in member.malformed()]

    def counts(self, team: str) -> list[int]:
        """Returns how many announcements each member of a team has read."""
        return [len(member.events()) for member in self._members[team]]


class _SharedOut(BaseMatcher[list[list[int]]]):
    """Matches the partitions of each member when every one has some, and no two have the same."""

    def _matches(self, item: list[list[int]]) -> bool:
        given = [partition for share in item for partition in share]
        return all(item) and len(given) == len(set(given))

    def describe_to(self, description: Description) -> None:
        description.append_text("partitions of its own for each member")


def teams(context: Context) -> Teams:
    """Returns the teams of this story."""
    if "teams" not in context:
        context.teams = Teams(context)
    found: Teams = context.teams
    return found
