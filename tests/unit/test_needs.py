"""What a scenario's tags ask of the runner."""

from __future__ import annotations

import pytest

from truestep.errors import TagError
from truestep.runner.needs import Needs, needs_of

HERE = "features/mail.feature:7"


@pytest.mark.parametrize(
    ("tags", "needs"),
    [
        ([], Needs()),
        (["redis", "timeout", "serials", "timeouts(3)", "whole"], Needs()),
        (["serial"], Needs(alone=True)),
        (["serial.mail-box", "serial.disk"], Needs(locks=frozenset({"mail-box", "disk"}))),
        (["serial", "serial.disk"], Needs(alone=True, locks=frozenset({"disk"}))),
        (["timeout(30)"], Needs(timeout_s=30)),
        (["timeout(1.5)", "timeout(1.50)"], Needs(timeout_s=1.5)),
    ],
)
def test_tags_tell_what_a_scenario_needs(tags: list[str], needs: Needs) -> None:
    assert needs_of(tags, HERE) == needs


@pytest.mark.parametrize(
    "tag", ["timeout(soon)", "timeout(0)", "timeout()", "timeout(-1)", "timeout=30", "timeout.30"]
)
def test_a_time_limit_that_is_no_number_above_0_is_refused(tag: str) -> None:
    with pytest.raises(TagError) as error:
        needs_of(["redis", tag], HERE)
    assert str(error.value) == (
        f"the tag @{tag} cannot be read: a time limit is a number of seconds above 0\n"
        "  Looked at: features/mail.feature:7\n"
        "  Try: write @timeout(30) or @timeout(1.5)"
    )


@pytest.mark.parametrize("tag", ["serial.", "serial(disk)", "serial.a.b"])
def test_a_lock_without_a_plain_name_is_refused(tag: str) -> None:
    with pytest.raises(TagError) as error:
        needs_of([tag], HERE)
    assert str(error.value) == (
        f"the tag @{tag} cannot be read: after the dot comes a name of letters, digits, hyphens "
        "and underscores\n"
        "  Looked at: features/mail.feature:7\n"
        "  Try: write @serial.NAME, or @serial for a scenario that runs alone"
    )


def test_two_time_limits_are_refused() -> None:
    with pytest.raises(TagError) as error:
        needs_of({"timeout(5)", "timeout(30)"}, HERE)
    assert str(error.value) == (
        "the time limit of a scenario is asked for twice: @timeout(30) and @timeout(5)\n"
        "  Looked at: features/mail.feature:7\n"
        "  Try: keep one of them; a tag on the feature also counts for its scenarios"
    )
