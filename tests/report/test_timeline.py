"""A timeline puts what was seen in order of time, and tells what came too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from truestep.report.attempt import Entry, Evidence, Problem, Step
from truestep.report.exhibit_text import evidence_as_text
from truestep.report.outcome import Outcome
from truestep.report.run import Scenario
from truestep.report.timeline import Exhibit, exhibits, timeline

START = datetime(2031, 2, 3, tzinfo=UTC)


def scenario(*entries: Entry, steps: tuple[Step, ...] = (), **sections: object) -> Scenario:
    return Scenario(
        key="a.feature: S",
        slug="a-s",
        uri="a.feature",
        line=2,
        name="S",
        keyword="Scenario",
        description="",
        tags=(),
        steps=steps,
        outcome=Outcome.FAILED,
        started=START,
        evidence=Evidence(entries, sections),
    )


def after(milliseconds: float) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def test_entries_are_in_order_of_time_whatever_order_they_were_kept_in() -> None:
    entries = (
        Entry(None, "output", "no time"),
        Entry(after(30), "event", "late"),
        Entry(after(10), "step", "Given x"),
    )
    found = timeline(scenario(*entries))
    assert [(one.at_ms, one.title) for one in found] == [
        (10.0, "Given x"),
        (30.0, "late"),
        (None, "no time"),
    ]


def test_event_that_came_after_the_failure_says_how_long_after() -> None:
    entries = (
        Entry(after(0), "step", "Then x"),
        Entry(after(500), "error", "AssertionError"),
        Entry(after(540), "event", "orders"),
    )
    assert [one.after_end_ms for one in timeline(scenario(*entries))] == [None, None, 40.0]


def test_steps_of_the_record_are_the_frame_where_evidence_has_none() -> None:
    steps = (
        Step("Given", "x", outcome=Outcome.PASSED, started=after(0), took_s=0.1),
        Step(
            "Then",
            "y",
            outcome=Outcome.FAILED,
            started=after(100),
            took_s=0.2,
            problem=Problem("AssertionError", "no"),
        ),
        Step("And", "z"),
    )
    found = timeline(scenario(Entry(after(310), "event", "orders"), steps=steps))
    assert [(one.kind, one.title) for one in found] == [
        ("step", "Given x"),
        ("step", "Then y"),
        ("event", "orders"),
    ]
    assert found[-1].after_end_ms == 10.0


def test_sections_become_tables_and_texts_and_empty_ones_nothing() -> None:
    found = exhibits(
        scenario(
            logs={"redis": ["one", "two"], "kafka": []},
            rows=[{"table": "t", "after": {"id": 1}}, {"table": "u", "before": None}],
            keys={"a": "1"},
            events=[],
            http={},
            output="printed",
        )
    )
    assert found == [
        Exhibit(
            "Rows that changed",
            (("table", "after", "before"), ("t", "id: 1", ""), ("u", "", "")),
        ),
        Exhibit("Keys", (("", ""), ("a", "1"))),
        Exhibit("What was printed", text="printed"),
        Exhibit("What the servers logged: redis", text="one\ntwo"),
    ]


def test_section_of_several_services_says_whose_each_part_is() -> None:
    found = exhibits(
        scenario(
            rows={"postgres": {"users": [{"id": "1"}]}},
            logs={"accounts": "one\ntwo", "redis": "three"},
        )
    )
    assert found == [
        Exhibit("Rows that changed: postgres: users", (("id",), ("1",))),
        Exhibit("What the servers logged: accounts", text="one\ntwo"),
        Exhibit("What the servers logged: redis", text="three"),
    ]


def test_text_of_a_row_that_fits_no_table_names_its_values() -> None:
    exchange = {"request": "GET /", "in full": "GET /\nhost: x"}
    text = evidence_as_text(scenario(http={"accounts": [exchange]}))
    assert text == (
        "Requests and answers: accounts:\n  request: GET /\n  in full: GET /\n      host: x"
    )


def test_without_evidence_and_steps_there_is_no_timeline() -> None:
    assert timeline(scenario()) == []
