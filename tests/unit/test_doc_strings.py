"""Doc strings of steps: text, and JSON, with values kept by earlier steps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from truestep.errors import StepUsageError
from truestep.steps.doc_string import doc_string, json_doc_string, json_list, json_object


def context(text: str | None) -> Any:
    return SimpleNamespace(text=text, kept={"order id": 7, "name": "Ada"})


def test_kept_values_are_filled_in_as_what_they_are() -> None:
    text = """{"id": "<order id>", "said": "<name> has <order id>", "other": "<any>"}"""
    filled = {"id": 7, "said": "Ada has 7", "other": "<any>"}
    assert json_doc_string(context(text)) == json_object(context(text)) == filled
    assert json_list(context('["<order id>"]')) == [7]
    assert doc_string(context("<name>: <order id>")) == "Ada: 7"


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (
            json_list,
            '{"name": "Zoë"}',
            (
                'the doc string does not fit this step: it is {"name": "Zoë"}\n'
                "  Looked at: the lines after the step\n"
                "  Try: write a list: [ … ]"
            ),
        ),
        (
            json_object,
            "[1]",
            (
                "the doc string does not fit this step: it is [1]\n"
                "  Looked at: the lines after the step\n"
                "  Try: write an object: { … }"
            ),
        ),
        (
            json_list,
            None,
            (
                "this step needs a doc string: nothing is below it\n"
                "  Looked at: the lines after the step\n"
                '  Try: write the text there, between two lines of """'
            ),
        ),
    ],
)
def test_one_that_does_not_fit_is_refused(read: Any, text: str | None, message: str) -> None:
    with pytest.raises(StepUsageError) as refused:
        read(context(text))
    assert str(refused.value) == message
