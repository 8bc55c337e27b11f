"""What a run shows and starts: the header, only what is needed, lifetimes, isolation."""

from __future__ import annotations

import re

import pytest

from tests.project import Project

ROW = re.compile(r"^  (\w+) +(\S+) +[\d.]+ s +(\w+) +(.+)$", re.MULTILINE)


def rows(text: str) -> list[tuple[str, ...]]:
    return [match.groups() for match in ROW.finditer(text)]


def test_header_names_each_service_its_version_provider_reason_and_time(notes: Project) -> None:
    run = notes.behave()
    assert run.code == 0, run.out + run.err
    assert run.err.startswith("truestep: 2 scenarios need postgres, redis\n")
    found = {name: (version, backend, why) for name, version, backend, why in rows(run.err)}
    assert set(found) == {"postgres", "redis"}
    for version, backend, why in found.values():
        assert re.fullmatch(r"\d+(\.\d+)+", version)
        assert (backend, why) == ("embedded", "asked for by [truestep] backend in behave.ini")


def test_run_of_redis_scenarios_starts_only_redis(notes: Project) -> None:
    run = notes.behave("--tags=@redis")
    assert run.code == 0, run.out + run.err
    assert run.err.startswith("truestep: 1 scenario needs redis\n")
    assert [row[0] for row in rows(run.err)] == ["redis"]


def test_one_service_can_have_a_backend_of_its_own(notes: Project) -> None:
    run = notes.behave("-D", "backend=docker", "-D", "redis.backend=embedded", "--tags=@redis")
    assert run.code == 0, run.out + run.err
    [row] = rows(run.err)
    assert row[2:] == ("embedded", "asked for by -D redis.backend=embedded")


def test_run_without_services_says_and_starts_nothing(notes: Project) -> None:
    notes.write("features/plain.feature", "Feature: Plain\n  Scenario: Nothing\n    * nothing\n")
    notes.write(
        "steps/plain.py",
        "from behave import step\n\n@step('nothing')\ndef nothing(context):\n    pass\n",
    )
    run = notes.behave("features/plain.feature")
    assert run.code == 0, run.out + run.err
    assert run.err == ""


def test_scenario_waits_for_its_own_services_alone(notes: Project) -> None:
    # The broker that is asked for never answers; only the scenario that needs it fails.
    notes.write(
        "features/other.feature",
        'Feature: Other\n  @kafka\n  Scenario: Event\n    Then no event is received from "notes"\n',
    )
    run = notes.behave("-D", "kafka.start_within_s=0.001")
    assert run.summary.startswith("2 scenarios passed, 0 failed, 1 hook_error"), run.out + run.err
    assert "ServiceError: kafka (embedded) did not open its port" in run.out


@pytest.mark.docker
def test_a_service_that_is_slow_is_announced_when_it_is_ready(notes: Project) -> None:
    # No broker in a container starts within the time that the header waits.
    notes.write(
        "features/other.feature",
        'Feature: Other\n  @kafka\n  Scenario: Event\n    Then no event is received from "notes"\n',
    )
    features = ("features/notes.feature", "features/other.feature")
    run = notes.behave("--no-capture", "-D", "kafka.backend=docker", *features)
    assert run.code == 0, run.out + run.err
    told = [line.split()[:3] for line in run.err.splitlines() if line.startswith("  kafka ")]
    [[_, *starting], [_, version, _]] = told
    assert starting == ["is", "starting"]
    assert re.fullmatch(r"\d+(\.\d+)+", version)


LIFETIMES = """\
@redis {tag}
Feature: Servers

  Scenario: First
    Then the server is noted

  Scenario: Second
    Then the server is noted
"""
NOTE_SERVER = """\
from behave import then

@then("the server is noted")
def note(context):
    print(f"run_id={context.redis.info('server')['run_id']}")
"""


@pytest.mark.parametrize(
    ("tag", "servers"),
    [("", 1), ("@lifetime.run", 1), ("@lifetime.feature", 2), ("@lifetime.scenario", 4)],
)
def test_lifetime_tag_decides_how_many_servers_there_are(
    notes: Project, tag: str, servers: int
) -> None:
    for name in ("one", "two"):
        notes.write(f"features/{name}.feature", LIFETIMES.format(tag=tag))
    notes.write("steps/note.py", NOTE_SERVER)
    run = notes.behave("--no-capture", "features/one.feature", "features/two.feature")
    assert run.code == 0, run.out + run.err
    seen = re.findall(r"run_id=(\w+)", run.out)
    assert len(seen) == 4
    assert len(set(seen)) == servers


def test_lifetime_setting_counts_for_all(notes: Project) -> None:
    notes.write("features/one.feature", LIFETIMES.format(tag=""))
    notes.write("steps/note.py", NOTE_SERVER)
    run = notes.behave("--no-capture", "-D", "lifetime=scenario", "features/one.feature")
    assert run.code == 0, run.out + run.err
    assert len(set(re.findall(r"run_id=(\w+)", run.out))) == 2


@pytest.mark.parametrize("tag", ["@postgres", "@redsi"])
def test_scenario_that_uses_an_untagged_service_is_told_which_tag(notes: Project, tag: str) -> None:
    notes.write(
        "features/untagged.feature",
        f'Feature: F\n  {tag}\n  Scenario: One\n    Given the key "draft" holds "hello"\n',
    )
    run = notes.behave("features/untagged.feature")
    assert run.code == 1
    assert "Traceback" not in run.out + run.err
    assert (
        "this scenario uses redis without asking for it: a step reads context.redis.set\n"
        "  Looked at: the tags of features/untagged.feature:3\n"
        "  Try: tag the scenario or its feature @redis"
    ) in run.out


def test_undefined_step_is_refused_with_the_closest_ones(notes: Project) -> None:
    notes.write(
        "features/undefined.feature",
        'Feature: F\n  @redis\n  Scenario: One\n    Given the keyy "draft" holds "hello"\n',
    )
    run = notes.behave("features/undefined.feature")
    assert run.code == 1
    assert "Traceback" not in run.out + run.err
    assert run.err == "", "nothing is started for a scenario that cannot pass"
    assert (
        'UndefinedStepError: the step Given \'the keyy "draft" holds "hello"\' is undefined'
    ) in run.out
    assert 'the key "{key}" holds "{' in run.out


def test_other_scenarios_run_beside_one_with_an_undefined_step(notes: Project) -> None:
    notes.write(
        "features/undefined.feature",
        "Feature: F\n  @redis\n  Scenario: One\n    Given nonsense of the purest kind\n",
    )
    run = notes.behave("--tags=@redis")
    assert run.summary.startswith("1 scenario passed, 0 failed, 1 hook_error"), run.out
