"""Looking at the last answer of the application."""

from __future__ import annotations

from behave.runner import Context
from hamcrest.core.matcher import Matcher
from hamcrest.core.string_description import StringDescription

from truestep.redaction import redact
from truestep.services.application.exchange import Answer


def expect(context: Context, matcher: Matcher[Answer]) -> None:
    """Raises AssertionError, secrets hidden, when the last answer is not as expected."""
    answer: Answer = context.http.answer
    if matcher.matches(answer):
        return
    expected, actual = StringDescription(), StringDescription()
    matcher.describe_to(expected)
    matcher.describe_mismatch(answer, actual)
    lines = [f"{answer.request} was answered otherwise.", f"Expected: {expected}"]
    raise AssertionError(redact("\n".join([*lines, f"     but: {actual}"])))
