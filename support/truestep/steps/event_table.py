"""Events in a data table: one per row, with its value as JSON, its key and its headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.json_text import json_text
from truestep.steps.kept import fill

_HEADER = "header "


@dataclass(frozen=True)
class EventRow:
    """One event of a table; without a column `key` its key is None."""

    value: Any
    key: str | None
    headers: dict[str, str]


def event_table(context: Context) -> Iterator[EventRow]:
    """Yields the rows of the step's table.

    Its columns are `value`, and if wanted `key` and `header NAME` for each header.

    Raises:
        StepUsageError: there is no table, or a column or a cell does not fit.
    """
    headings = context.table.headings if context.table else []
    unknown = [
        one for one in headings if one not in ("key", "value") and not one.startswith(_HEADER)
    ]
    if "value" not in headings or unknown:
        raise StepUsageError(
            "the data table does not describe events",
            seen=f"its columns are {', '.join(headings)}" if headings else "there is none",
            looked="its first row",
            remedy="use the columns value, and if wanted key and 'header NAME'",
        )
    for number, row in enumerate(context.table.rows, 1):
        cells = row.as_dict()
        yield EventRow(
            value=json_text(context, cells["value"], where=f'the column "value" of row {number}'),
            key=fill(context, cells["key"]) if "key" in cells else None,
            headers={
                name.removeprefix(_HEADER): fill(context, text)
                for name, text in cells.items()
                if name.startswith(_HEADER)
            },
        )
