"""What may stand in a data table or a JSON doc string where the exact value does not matter.

`<any>` is any value but null, `<null>` is null, `<now>` is a time within a minute of now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hamcrest import is_, none, not_none
from hamcrest.core.base_matcher import BaseMatcher
from hamcrest.core.description import Description
from hamcrest.core.matcher import Matcher

ANY, NULL, NOW = "<any>", "<null>", "<now>"
_NEAR = timedelta(minutes=1)


def placeholder(text: str) -> Matcher[Any] | None:
    """Returns what the whole of `text` stands for, or None when it is an ordinary value."""
    make = _PLACEHOLDERS.get(text.strip())
    return make() if make else None


class CloseToNow(BaseMatcher[Any]):
    """Matches a datetime, or its ISO 8601 text, within a minute of now; of a date, today's.

    A time without a zone may be in UTC or in this machine's zone.
    """

    def _matches(self, item: Any) -> bool:
        moment = _read(item)
        if isinstance(moment, datetime):
            now = datetime.now(UTC)
            if moment.tzinfo:
                return abs(moment - now) <= _NEAR
            return any(
                abs(moment - zoned.replace(tzinfo=None)) <= _NEAR
                for zoned in (now, now.astimezone())
            )
        if isinstance(moment, date):
            now = datetime.now(UTC)
            near = (now - _NEAR, now, now + _NEAR)
            return moment in {day.date() for at in near for day in (at, at.astimezone())}
        return False

    def describe_to(self, description: Description) -> None:
        """Says what is accepted."""
        description.append_text("a time within a minute of now")


def _read(item: Any) -> Any:
    if not isinstance(item, str):
        return item
    try:
        return datetime.fromisoformat(item)
    except ValueError:
        return None


_PLACEHOLDERS: dict[str, Callable[[], Matcher[Any]]] = {
    ANY: lambda: is_(not_none()),
    NULL: lambda: is_(none()),
    NOW: CloseToNow,
}
