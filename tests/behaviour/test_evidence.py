"""What a failed scenario saw is kept with it: limited to it, in order of time, without secrets."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from tests.behaviour.truth import Told
from tests.project import Project

MEDIA_TYPE = "application/vnd.truestep.evidence+json"
Evidence = dict[str, Any]


def evidence_of(told: Told) -> dict[str, Evidence]:
    """The evidence of each scenario that has any, by name."""
    found = {}
    for name, attachment in told.attachments:
        if attachment["mediaType"] == MEDIA_TYPE:
            url = attachment.get("url")
            body = (told.latest / url).read_text() if url else attachment["body"]
            found[name] = json.loads(body)
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told.by(Project.of("witnessed", tmp_path_factory.mktemp("witnessed")))


@pytest.fixture(scope="module")
def evidence(told: Told) -> dict[str, Evidence]:
    return evidence_of(told)


def titles(evidence: Evidence, kind: str) -> list[str]:
    return [entry["title"] for entry in evidence["entries"] if entry["kind"] == kind]


def at(evidence: Evidence, beginning: str) -> datetime:
    [entry] = [one for one in evidence["entries"] if one["title"].startswith(beginning)]
    return datetime.fromisoformat(entry["at"])


def test_only_failed_scenarios_keep_evidence(evidence: dict[str, Evidence]) -> None:
    assert list(evidence) == ["Rows", "Keys", "Events", "Requests"]


def test_all_scenarios_keep_evidence_when_asked(notes: Project) -> None:
    told = Told.by(notes, "-r", "truestep.runner:Runner", "-D", "evidence=all")
    found = evidence_of(told)
    assert list(found) == ["A note is kept", "A draft is cached"]
    assert found["A note is kept"]["sections"]["rows"] == {
        "postgres": {"notes": [{"change": "added", "id": "1", "words": "hello"}]}
    }


def test_rows_are_kept_that_the_scenario_changed(evidence: dict[str, Evidence]) -> None:
    nothing: dict[str, object] = {"pin": None, "cover": None}
    assert evidence["Rows"]["sections"]["rows"] == {
        "postgres": {
            "stock": [
                {"change": "before", "id": "1", "title": "Dune", "pin": "***", "cover": None},
                {"change": "after", "id": "1", "title": "Dune II", "pin": "***", "cover": None},
                {"change": "removed", "id": "2", "title": "Emma", "pin": None, "cover": "\\x00ff"},
                {"change": "added", "id": "9", "title": "Ilias"} | nothing,
                {"change": "added", "id": "4", "title": "Ulysses", "pin": "***", "cover": None},
            ]
        }
    }


def test_keys_are_kept_with_values_and_time_left(evidence: dict[str, Evidence]) -> None:
    draft, reader, binary = evidence["Keys"]["sections"]["keys"]["redis"]
    left = float(draft.pop("time left").removesuffix(" s"))
    assert 3500 < left < 3600
    assert draft == {"key": "draft", "type": "string", "value": "hello"}
    assert reader == {
        "key": "reader",
        "type": "hash",
        "value": {"name": "Ada", "token": "***"},
        "time left": "for ever",
    }
    assert binary["key"] == "\\xff\\x00"
    assert binary["value"] == "\\x00\\x01\\xfe"


def test_events_are_kept_also_one_that_came_too_late(evidence: dict[str, Evidence]) -> None:
    first, late = evidence["Events"]["sections"]["events"]["kafka"]["notes"]
    assert (first["value"], first["by"], first["read by a step"]) == ("hello", "a step", "yes")
    assert (late["value"], late["by"], late["read by a step"]) == (
        '{"words": "sorry, late"}',
        "others",
        "no",
    )
    assert set(late) > {"partition", "offset", "key", "headers", "time"}


def test_time_line_shows_that_an_event_came_after_we_stopped_waiting(
    evidence: dict[str, Evidence],
) -> None:
    events = evidence["Events"]
    stopped = at(events, 'stopped waiting for an event from "notes"')
    came = at(events, 'event on "notes" published: {"words": "sorry, late"}')
    assert stopped < came


def test_requests_are_kept_with_their_answers(evidence: dict[str, Evidence]) -> None:
    [exchange] = evidence["Requests"]["sections"]["http"]["shop"]
    assert exchange["request"].startswith("POST http://127.0.0.1:")
    assert exchange["answer"] == "409 Conflict"
    assert exchange["request body"] == '{"title": "Dune"}'
    assert exchange["answer body"] == '{"reason": "no room", "pin": "***"}'
    assert exchange["answer headers"]["x-api-key"] == "***"
    assert titles(evidence["Requests"], "http")[1].startswith("409 Conflict, after ")


def test_lines_are_kept_that_the_application_logged_in_the_scenario(
    evidence: dict[str, Evidence],
) -> None:
    assert evidence["Requests"]["sections"]["logs"] == {
        "shop": "no room on the shelf\nanswered POST /orders HTTP/1.1"
    }
    assert titles(evidence["Requests"], "log") == [
        "shop: no room on the shelf",
        "shop: answered POST /orders HTTP/1.1",
    ]


def test_steps_are_kept_with_the_values_filled_in(evidence: dict[str, Evidence]) -> None:
    assert titles(evidence["Keys"], "step")[-1] == (
        'Then within 0.2 seconds the key "said hello" exists'
    )


def test_what_was_awaited_is_kept_with_what_was_seen_instead(evidence: dict[str, Evidence]) -> None:
    polls = [entry for entry in evidence["Keys"]["entries"] if entry["kind"] == "poll"]
    assert polls[-2]["title"] == 'waiting for the key "said hello", up to 0.2 s'
    assert re.match(
        r'stopped waiting for the key "said hello" after (0\.[2-9]|[1-9])', polls[-1]["title"]
    )
    *expected, seen = polls[-1]["detail"].splitlines()
    assert expected == [
        "Expected: a key that exists",
        '     but: there is no key "said hello"',
        "Seen:",
    ]
    assert re.fullmatch(r'  \+\d+\.\d{3} s  there is no key "said hello"', seen)


def test_output_is_kept_and_can_do_no_harm(evidence: dict[str, Evidence]) -> None:
    [printed] = [one for one in evidence["Rows"]["entries"] if one["title"] == "printed"]
    assert printed["detail"] == "tidying with *** \\x1b[31m\n"


def test_entries_are_in_order_of_time(evidence: dict[str, Evidence]) -> None:
    for one in evidence.values():
        times = [entry["at"] for entry in one["entries"]]
        assert times == sorted(times)
        assert all(moment.endswith("+00:00") for moment in times)


def test_secrets_are_nowhere_in_the_run_directory(told: Told) -> None:
    for path in told.latest.rglob("*"):
        if path.is_file():
            text = path.read_text()
            # The feature file itself may say what it likes.
            for secret in ("pin-of-", "key-of-shop", "redis://:"):
                assert secret not in text, f"{secret} is in {path.name}"
