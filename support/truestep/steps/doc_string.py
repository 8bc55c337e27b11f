"""The doc string under a step."""

from __future__ import annotations

import json
from typing import Any

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.kept import fill

_LOOKED = "the lines after the step"


def doc_string(context: Context) -> str:
    """Returns the step's doc string, kept values filled in.

    Raises:
        StepUsageError: the step has none.
    """
    if context.text is None:
        raise StepUsageError(
            "this step needs a doc string",
            seen="nothing is below it",
            looked=_LOOKED,
            remedy='write the text there, between two lines of """',
        )
    return fill(context, str(context.text))


def json_doc_string(context: Context) -> Any:
    """Returns the value of the step's doc string, which is JSON, kept values filled in.

    Raises:
        StepUsageError: the step has none, or it is not JSON.
    """
    text = doc_string(context)
    try:
        return json.loads(text)
    except ValueError as error:
        raise StepUsageError(
            "this step needs JSON",
            seen=f"{error}, in {text!r}",
            looked=_LOOKED,
            remedy='mend it there: names and texts in "double quotes", no comma after the last one',
        ) from None
