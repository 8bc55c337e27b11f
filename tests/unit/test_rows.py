"""Rows against the rows of a data table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hamcrest.core.string_description import StringDescription

from truestep.matchers.cell import Cell, cell, show
from truestep.matchers.one_value import one_value
from truestep.matchers.placeholders import placeholder
from truestep.matchers.rows import Rows, contains_at_least_rows, contains_exactly_rows


def wanted(**cells: Any) -> dict[str, Any]:
    special = {name: placeholder(str(value)) for name, value in cells.items()}
    return {
        name: cell(str(value), value) if (fit := special[name]) is None else Cell(str(value), fit)
        for name, value in cells.items()
    }


def mismatch(matcher: Any, item: Any) -> str:
    assert not matcher.matches(item)
    text = StringDescription()
    matcher.describe_mismatch(item, text)
    return str(text)


ADA = {"name": "Ada", "total": Decimal("9.00")}
GRACE = {"name": "Grace", "total": Decimal("7.00")}


def test_rows_match_in_any_order() -> None:
    assert contains_exactly_rows([wanted(name="Grace"), wanted(name="Ada")]).matches([ADA, GRACE])


def test_at_least_leaves_other_rows_aside_and_exactly_does_not() -> None:
    assert contains_at_least_rows([wanted(name="Ada")]).matches([ADA, GRACE])
    assert mismatch(contains_exactly_rows([wanted(name="Ada")]), [ADA, GRACE]) == (
        "unexpected row: name=Grace, total=7.00"
    )


def test_a_row_that_is_expected_twice_has_to_be_there_twice() -> None:
    twice = contains_at_least_rows([wanted(name="Ada"), wanted(name="Ada")])
    assert twice.matches([ADA, ADA])
    assert mismatch(twice, [ADA]) == (
        "no row with name=Ada; every row is one of the others already"
    )


def test_a_row_that_fits_several_leaves_the_only_choice_to_another() -> None:
    loose_first = [wanted(name="<any>"), wanted(name="Ada")]
    assert contains_exactly_rows(loose_first).matches([ADA, GRACE])
    assert contains_exactly_rows(loose_first).matches([GRACE, ADA])


def test_many_rows_that_fit_everything_are_paired() -> None:
    rows = [{"id": number} for number in range(1500)]
    assert contains_exactly_rows([wanted(id="<any>")] * 1500).matches(rows)


def test_the_nearest_row_is_the_one_with_the_fewest_differences() -> None:
    expected = contains_at_least_rows([wanted(name="Grace", total=Decimal("9.00"))])
    rows = [{"name": "Alan", "total": Decimal("1.00")}, {"name": "Grace", "total": None}]
    assert mismatch(expected, rows) == (
        "no row with name=Grace, total=9.00; nearest: name=Grace, total=<null> (total differs)"
    )


def test_every_column_that_differs_is_named() -> None:
    expected = contains_at_least_rows([wanted(name="Alan", total=Decimal("1.00"))])
    assert mismatch(expected, [ADA]) == (
        "no row with name=Alan, total=1.00; nearest: name=Ada, total=9.00 (name, total differ)"
    )


def test_an_empty_table_is_named_as_such() -> None:
    assert mismatch(contains_exactly_rows([wanted(name="Ada")]), []) == (
        "no row with name=Ada; there are no rows"
    )


def test_a_failure_shows_ten_rows_and_counts_the_others() -> None:
    lines = mismatch(contains_exactly_rows([]), [ADA] * 13).splitlines()
    assert len(lines) == 11
    assert lines[-1].strip() == "and 3 more"


def test_expected_rows_are_shown_as_they_were_written() -> None:
    expected = contains_exactly_rows([wanted(name="Ada", id="<any>", at="<now>")])
    assert str(expected) == "exactly this row:\n          name=Ada, id=<any>, at=<now>"
    assert str(contains_exactly_rows([])) == "exactly no rows"
    assert repr(Rows([ADA, GRACE])) == "2 rows: name=Ada, total=9.00 | name=Grace, total=7.00"
    assert repr(Rows()) == "no rows"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "<null>"),
        ("", "''"),
        (" x", "' x'"),
        ("a\nb", r"'a\nb'"),
        ("Zoë 🎉", "Zoë 🎉"),
        (True, "true"),
        ({"a": [None]}, '{"a": [null]}'),
        (datetime(2031, 2, 1, tzinfo=UTC), "2031-02-01 00:00:00+00:00"),
    ],
)
def test_values_are_shown_as_one_would_write_them(value: object, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("text", "fits", "does_not"),
    [
        ("<any>", [0, "", False, "x"], [None]),
        ("<null>", [None], [0, "", "null"]),
    ],
)
def test_placeholders_match_what_they_say(
    text: str, fits: list[object], does_not: list[object]
) -> None:
    matcher = placeholder(text)
    assert matcher is not None
    assert [value for value in fits if not matcher.matches(value)] == []
    assert [value for value in does_not if matcher.matches(value)] == []


def test_now_is_within_a_minute_of_now() -> None:
    now, matcher = datetime.now(UTC), placeholder("<now>")
    assert matcher is not None
    fits = [
        now,
        now.replace(tzinfo=None),
        now.astimezone().replace(tzinfo=None),
        now - timedelta(seconds=50),
        now.isoformat(),
        now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        now.date(),
    ]
    does_not = [
        now - timedelta(seconds=61),
        now + timedelta(seconds=65),
        (now - timedelta(hours=1)).isoformat(),
        date(2001, 1, 1),
        "now",
        "",
        None,
        17,
    ]
    assert [value for value in fits if not matcher.matches(value)] == []
    assert [value for value in does_not if matcher.matches(value)] == []


@pytest.mark.parametrize("text", ["any", "<order id>", "x <any>", ""])
def test_other_text_is_no_placeholder(text: str) -> None:
    assert placeholder(text) is None


def test_one_value_says_why_there_is_nothing_to_keep() -> None:
    assert one_value().matches([17])
    assert mismatch(one_value(), []) == "no rows fit"
    assert mismatch(one_value(), [1, 2]) == "2 rows fit"
    assert mismatch(one_value(), [None]) == "its value is null"
