"""That an answer is a redirect to some place."""

from __future__ import annotations

from urllib.parse import urljoin

from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

from truestep.services.application.exchange import Answer

_REDIRECTS = range(300, 400)


def redirects_to(place: str) -> Matcher[Answer]:
    """Matches a redirect to a path of the same application, or to a full URL."""
    return _RedirectsTo(place)


class _RedirectsTo(BaseMatcher[Answer]):
    def __init__(self, place: str) -> None:
        self._place = place

    def _matches(self, item: Answer) -> bool:
        location = item.header("location")
        if item.status not in _REDIRECTS or location is None:
            return False
        return urljoin(item.url, location) == urljoin(item.url, self._place)

    def describe_to(self, description: Description) -> None:
        description.append_text(f"a redirect to {self._place}")

    def describe_mismatch(self, item: Answer, mismatch_description: Description) -> None:
        location = item.header("location")
        if item.status in _REDIRECTS and location is not None:
            mismatch_description.append_text(f"it redirects to {location}")
        else:
            mismatch_description.append_text(f"was {item.shown()}")
