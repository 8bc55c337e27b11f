"""Evidence is capped in size, shows binary safely, and knows no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from truestep import evidence
from truestep.evidence import Entry, EvidenceLog, Kind, Snapshot
from truestep.redaction import register_secret
from truestep.services.application.hiding import Hiding

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def read(log: EvidenceLog, hiding: Hiding | None = None) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(log.json(hiding.anywhere) if hiding else log.json())
    return content


@pytest.fixture
def log() -> Iterator[EvidenceLog]:
    log = EvidenceLog()
    evidence.keep_in(log)
    yield log
    evidence.keep_in(None)


def test_note_outside_of_a_scenario_is_lost() -> None:
    evidence.note(Kind.STEP, "nobody listens")


def test_entries_are_in_order_of_time_whoever_noted_them(log: EvidenceLog) -> None:
    log.add(Entry(Kind.EVENT, "late", at=NOON + timedelta(milliseconds=40)))
    log.add(Entry(Kind.POLL, "stopped", at=NOON))
    assert [row["title"] for row in read(log)["entries"]] == ["stopped", "late"]
    assert read(log)["entries"][1]["at"] == "2025-01-31T12:00:00.040000+00:00"


def test_texts_are_made_when_they_are_shown(log: EvidenceLog) -> None:
    made = []
    evidence.note(Kind.STEP, lambda: made.append(1) or "a step")
    assert not made
    assert read(log)["entries"][0]["title"] == "a step"


def test_long_scenario_keeps_its_beginning_and_its_end(log: EvidenceLog) -> None:
    for number in range(1000):
        log.add(Entry(Kind.POLL, str(number), at=NOON + timedelta(seconds=number)))
    titles = [row["title"] for row in read(log)["entries"]]
    assert titles[:100] == [str(number) for number in range(100)]
    assert titles[100:500] == [str(number) for number in range(600, 1000)]
    assert titles[500:] == ["500 entries were left out"]


def test_long_text_and_long_lists_are_cut(log: EvidenceLog) -> None:
    log.take("redis", Snapshot("keys", ["x" * 9_000, *range(600)]))
    keys = read(log)["sections"]["keys"]["redis"]
    assert keys[0] == "x" * 8_000 + "… (9000 characters)"
    assert len(keys) == 500


def test_binary_and_terminal_escapes_are_shown_safely(log: EvidenceLog) -> None:
    log.take("redis", Snapshot("keys", {"value": b"\x00\xffA", "red": "\x1b[31mred"}))
    assert read(log)["sections"]["keys"]["redis"] == {
        "value": "\\x00\\xffA",
        "red": "\\x1b[31mred",
    }


def test_lone_surrogate_does_no_harm(log: EvidenceLog) -> None:
    log.add(Entry(Kind.OUTPUT, "half \ud800", at=NOON))
    assert read(log)["entries"][0]["title"] == "half \\ud800"


def test_secret_named_in_a_section_is_hidden_in_every_text(log: EvidenceLog) -> None:
    hiding = Hiding(["pin"])
    log.add(Entry(Kind.ERROR, "but: was pin-1843-of-ada", "pin-1843-of-ada", at=NOON))
    log.take(
        "kafka", Snapshot("events", [{"value": '{"pin": "pin-1843-of-ada"}'}]), hiding.anywhere
    )
    content = read(log, hiding)
    assert content["sections"]["events"]["kafka"] == [{"value": '{"pin": "***"}'}]
    assert content["entries"][0]["title"] == "but: was ***"
    assert content["entries"][0]["detail"] == "***"


def test_registered_secret_and_password_of_a_url_are_hidden(log: EvidenceLog) -> None:
    register_secret("hush-hush-hush")
    log.add(Entry(Kind.LOG, "redis://:abc@localhost hush-hush-hush", at=NOON))
    assert read(log)["entries"][0]["title"] == "redis://:***@localhost ***"
