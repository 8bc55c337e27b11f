"""When a line of a server's log was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from truestep.evidence import Entry
from truestep.server_logs import ServerLogs, written_at

MOMENT = datetime(2025, 1, 31, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "2025-01-31 12:00:00.123 UTC [42] LOG:  checkpoint starting",
        "2025-01-31T12:00:00.123Z from docker",
        "[2025-01-31 13:00:00,123 +0100] INFO started",
        '{"time": "2025-01-31T12:00:00.123+00:00", "message": "hello"}',
    ],
)
def test_time_with_a_zone_is_read(line: str) -> None:
    assert written_at(line) == MOMENT


def test_nanoseconds_of_docker_are_cut() -> None:
    found = written_at("2025-01-31T12:00:00.123456789Z started")
    assert found == MOMENT.replace(microsecond=123456)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("1:M 31 Jan 2025 12:00:00.123 * Ready", "2025-01-31T12:00:00.123"),
        ("2025-01-31 12:00:00,123 WARNING late", "2025-01-31T12:00:00.123"),
    ],
)
def test_time_without_a_zone_is_this_machines(line: str, written: str) -> None:
    assert written_at(line) == datetime.fromisoformat(written).astimezone(UTC)


@pytest.mark.parametrize(("hours", "days"), [(-1, 0), (1, -1)], ids=["today", "yesterday"])
def test_time_of_day_is_the_last_one_that_was(hours: int, days: int) -> None:
    written = datetime.now().astimezone().replace(microsecond=123_000) + timedelta(hours=hours)
    found = written_at(f"{written:%H:%M:%S}.123 [main] WARN started")
    assert found == written + timedelta(days=days)


@pytest.mark.parametrize(
    "line",
    [
        "INFO: started",
        "99 Foo 2025 12:00:00.123 is no month",
        "2025-99-99T12:00:00Z is no date",
        "x" * 60 + " 2025-01-31T12:00:00Z is what it is about",
    ],
)
def test_line_that_does_not_say_has_no_time(line: str) -> None:
    assert written_at(line) is None


class _Log:
    """A log that grows."""

    def __init__(self) -> None:
        self.text = "before the scenario\n"

    def log_position(self) -> int:
        return len(self.text.encode())

    def log_since(self, position: int) -> str:
        return self.text.encode()[position:].decode()

    def log_place(self) -> str:
        return "memory"


def entries_of(logs: ServerLogs) -> list[Entry]:
    [(_, ask)] = logs.snapshots()
    return list(ask().entries)


def test_line_without_a_time_was_written_in_the_step_that_ran() -> None:
    log, logs = _Log(), ServerLogs()
    logs.add("shop", log)
    logs.mark()
    between = datetime.now(UTC)
    log.text += "first stép\n"
    logs.mark()
    log.text += "second step\n"
    first, second = entries_of(logs)
    assert (first.title, second.title) == ("shop: first stép", "shop: second step")
    assert first.at is not None
    assert second.at is not None
    assert first.at <= between <= second.at


def test_line_that_goes_on_has_the_time_of_its_first_line() -> None:
    log, logs = _Log(), ServerLogs()
    logs.add("shop", log)
    log.text += "2025-01-31 12:00:00.123 UTC Traceback\n  File x\n\nValueError\n"
    assert [entry.at for entry in entries_of(logs)] == [MOMENT] * 3
