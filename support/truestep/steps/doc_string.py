"""The doc string under a step."""

from __future__ import annotations

import json
from typing import Any

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.json_text import json_text
from truestep.steps.kept import fill

_LOOKED = "the lines after the step"


def doc_string(context: Context) -> str:
    """Returns the step's doc string, kept values filled in.

    Raises:
        StepUsageError: the step has none.
    """
    return fill(context, _text(context))


def json_doc_string(context: Context) -> Any:
    """Returns the value of the step's doc string, which is JSON, kept values filled in.

    Raises:
        StepUsageError: the step has none, or it is not JSON.
    """
    return json_text(context, _text(context), where="the doc string")


def json_list(context: Context) -> list[Any]:
    """Returns the list that the step's doc string is, as `json_doc_string` does.

    Raises:
        StepUsageError: the step has none, or it is no JSON list.
    """
    value = json_doc_string(context)
    if not isinstance(value, list):
        raise _misfit(value, "a list: [ … ]")
    return value


def json_object(context: Context) -> dict[str, Any]:
    """Returns the object that the step's doc string is, as `json_doc_string` does.

    Raises:
        StepUsageError: the step has none, or it is no JSON object.
    """
    value = json_doc_string(context)
    if not isinstance(value, dict):
        raise _misfit(value, "an object: { … }")
    return value


def _misfit(value: Any, wanted: str) -> StepUsageError:
    return StepUsageError(
        "the doc string does not fit this step",
        seen=f"it is {json.dumps(value, ensure_ascii=False)}",
        looked=_LOOKED,
        remedy=f"write {wanted}",
    )


def _text(context: Context) -> str:
    if context.text is None:
        raise StepUsageError(
            "this step needs a doc string",
            seen="nothing is below it",
            looked=_LOOKED,
            remedy='write the text there, between two lines of """',
        )
    return str(context.text)
