"""JSON as people write it into doc strings and tables, with values kept by earlier steps."""

from __future__ import annotations

import json
import re
from typing import Any

from behave.runner import Context

from truestep.errors import StepUsageError
from truestep.steps.kept import fill

_WHOLE = re.compile(r'"<([^<>"]+)>"')


def json_text(context: Context, text: str, *, where: str) -> Any:
    """Returns the value of a JSON text, after filling in kept values.

    `"<order id>"` as a whole becomes the value that was kept, a number if it was one; within a
    longer text its words are put there.

    Args:
        context: behave's context.
        text: the JSON text.
        where: what it is, for the error: `the doc string`.

    Raises:
        StepUsageError: it is not JSON.
    """

    def kept(found: re.Match[str]) -> str:
        if found[1] not in context.kept:
            return found[0]
        return json.dumps(context.kept[found[1]], default=str)

    try:
        return json.loads(fill(context, _WHOLE.sub(kept, text)))
    except json.JSONDecodeError as error:
        raise StepUsageError(
            f"{where} is not JSON",
            seen=f"{error.msg} at line {error.lineno}, column {error.colno}",
            looked=text,
            remedy='correct it: names and texts in "double quotes", no comma after the last one',
        ) from None
