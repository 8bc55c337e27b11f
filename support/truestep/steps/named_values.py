"""A data table of two columns: a name and its value."""

from __future__ import annotations

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.data_table import data_table


def named_values(context: Context, column: str) -> list[tuple[str, str]]:
    """Returns the rows of the step's data table | `column` | value |, kept values filled in.

    Raises:
        StepUsageError: the step has no table, or one with other columns.
    """
    headings, rows = data_table(context)
    if headings != [column, "value"]:
        raise StepUsageError(
            "the data table does not fit this step",
            seen=f"its columns are {', '.join(headings)}",
            looked="the line after the step",
            remedy=f"name the columns {column}, value: | {column} | value |",
        )
    return [(name, value) for name, value in rows]
