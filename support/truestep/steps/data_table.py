"""The data table under a step."""

from __future__ import annotations

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.kept import fill


def data_table(context: Context) -> tuple[list[str], list[list[str]]]:
    """Returns the headings and rows of the step's data table, kept values filled in.

    Raises:
        StepUsageError: the step has none.
    """
    if context.table is None:
        raise StepUsageError(
            "this step needs a data table",
            seen="nothing is below it",
            looked="the line after the step",
            remedy="write the names of columns there, then the rows: | customer | total |",
        )
    rows = [[fill(context, text) for text in row.cells] for row in context.table.rows]
    return list(context.table.headings), rows
