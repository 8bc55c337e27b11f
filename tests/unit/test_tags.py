"""Tags become typed requests."""

from __future__ import annotations

import pytest

from truestep.errors import TagError
from truestep.tags import IsolationKind, Lifetime, Requests, read_tags

SERVICES = ("kafka", "postgres", "redis")


def test_tags_name_services_and_those_of_others_are_left_alone() -> None:
    assert _read("redis", "slow", "wip", "kafka", "issue.17") == Requests(
        services=frozenset({"redis", "kafka"}), lifetime=None, isolation=None
    )


@pytest.mark.parametrize("lifetime", list(Lifetime))
def test_a_lifetime_can_be_asked_for(lifetime: Lifetime) -> None:
    assert _read(f"lifetime.{lifetime}").lifetime is lifetime


def test_an_isolation_can_be_asked_for() -> None:
    assert _read("isolation.private").isolation is IsolationKind.PRIVATE


def test_the_same_tag_twice_is_one_request() -> None:
    assert _read("lifetime.feature", "lifetime.feature").lifetime is Lifetime.FEATURE


def test_an_unknown_lifetime_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(TagError) as error:
        _read("lifetime.scenaro")
    assert str(error.value) == (
        "the tag @lifetime.scenaro is unknown: lifetime is one of run, feature, scenario\n"
        "  Looked at: features/a.feature:3\n"
        "  Try: write @lifetime.scenario"
    )


def test_an_unknown_isolation_is_refused() -> None:
    with pytest.raises(TagError, match=r"the tag @isolation\.privat is unknown"):
        _read("isolation.privat")


def test_two_tags_that_disagree_are_refused() -> None:
    with pytest.raises(TagError) as error:
        _read("lifetime.run", "lifetime.scenario")
    assert str(error.value) == (
        "the lifetime of a scenario is asked for twice: @lifetime.run and @lifetime.scenario\n"
        "  Looked at: features/a.feature:3\n"
        "  Try: keep one of them; a tag on the feature also counts for its scenarios"
    )


def _read(*tags: str) -> Requests:
    return read_tags(tags, services=SERVICES, where="features/a.feature:3")
