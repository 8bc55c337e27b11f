"""What the text of an answer is."""

from __future__ import annotations

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer


def has_text(text: Matcher[str]) -> Matcher[Answer]:
    """Matches an answer whose body, as text, `text` matches."""
    return _HasText(text)


class _HasText(BaseMatcher[Answer]):
    def __init__(self, text: Matcher[str]) -> None:
        self._text = text

    def _matches(self, item: Answer) -> bool:
        return self._text.matches(item.text)

    def describe_to(self, description: Description) -> None:
        description.append_text("the text ").append_description_of(self._text)

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        mismatch_description.append_text(f"was {item.shown()}")
