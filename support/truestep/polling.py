"""Waiting for conditions: the only place in Truestep that ever sleeps.

`eventually` waits until a probed value matches, `consistently` watches that it keeps matching.
Both take the times of `configure(scale=…)` into account, for slow machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from truestep import evidence
from truestep.redaction import redact

if TYPE_CHECKING:
    from hamcrest.core.matcher import Matcher

T = TypeVar("T")

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.1
_SHOWN_VALUES = 5
_SHOWN_CHARACTERS = 400
_SHOWN_CHANGES = 50
_scale = 1.0


class StopPolling(Exception):  # noqa: N818  # it is a signal, as StopIteration is
    """Raised by a probe when the awaited condition can no longer come true."""


class _Attempts:
    """What a wait has seen: how many tries, which distinct values, and the last error."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.count = 0
        # When each value was first seen in a row, in seconds after the beginning.
        self.times: dict[str, float] = {}
        self.values: list[str] = []
        self.error: BaseException | None = None

    def saw(self, value: object) -> None:
        self.count += 1
        self.error = None
        text = _shortened(repr(value))
        if not self.values or self.values[-1] != text:
            self.values = [seen for seen in self.values if seen != text] + [text]
            self.times[text] = time.monotonic() - self.began

    def failed(self, error: BaseException) -> None:
        self.count += 1
        self.error = error

    def waited_s(self) -> float:
        return time.monotonic() - self.began

    def note(self, how: str, what: str, mismatch: list[str]) -> None:
        """Leaves in the evidence what was waited for, how that ended, and what was seen."""
        after = f"after {self.waited_s():.3f} s ({_tries(self.count)})"

        def seen() -> str:
            values = [f"  +{self.times[text]:.3f} s  {text}" for text in self.values]
            error = [f"Last error: {self.error!r}"] if self.error is not None else []
            return "\n".join([*mismatch, "Seen:", *values[-_SHOWN_CHANGES:], *error])

        evidence.note(evidence.Kind.POLL, f"{how} {what} {after}", seen)

    def report(self) -> Iterator[str]:
        # A single value is already in the mismatch.
        if len(self.values) > 1:
            hidden = len(self.values) - _SHOWN_VALUES
            yield "Values seen:" + (f" ({hidden} earlier ones left out)" if hidden > 0 else "")
            yield from (f"  {value}" for value in self.values[-_SHOWN_VALUES:])
        if self.error is not None:
            yield f"Last error: {type(self.error).__name__}: {self.error}"


def configure(*, scale: float) -> None:
    """Multiplies every waiting time from now on by `scale` (1.0: as written)."""
    global _scale  # noqa: PLW0603  # one scale for all waits of the process, set once
    _scale = scale


def scaled(seconds: float) -> float:
    """Returns `seconds` multiplied by the configured scale."""
    return seconds * _scale


def pauses(*, longest_s: float = _LONGEST_PAUSE_S) -> Iterator[float]:
    """Yields seconds to pause between tries: 1 ms at first, doubling up to `longest_s`."""
    pause = _FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 2, longest_s)


def pause(seconds: float) -> None:
    """Sleeps between two tries of a condition."""
    time.sleep(seconds)


def eventually(
    probe: Callable[[], T],
    matcher: Matcher[T],
    *,
    what: str,
    within_s: float = 5.0,
    retry_on: tuple[type[BaseException], ...] = (),
) -> T:
    """Calls `probe` until what it returns satisfies `matcher`; returns that value.

    Args:
        probe: reads the current value; may raise one of `retry_on`, which counts as a try, or
            `StopPolling` to give up at once.
        matcher: a PyHamcrest matcher.
        what: the thing awaited, named for the failure text.
        within_s: seconds to keep trying, before scaling; the probe runs at least once.
        retry_on: the exceptions after which another try makes sense.

    Raises:
        AssertionError: with what was awaited, for how long, how many tries, Expected/but, the
            distinct values seen and the last error.
    """
    limit_s = scaled(within_s)
    attempts = _Attempts()
    last: list[T] = []
    for seconds in pauses():
        try:
            value = probe()
        except StopPolling as stop:
            lines = [f"Stopped early: {stop}", *_mismatch(matcher, last)]
            attempts.note("stopped waiting for", what, lines)
            raise AssertionError(_text(what, attempts.waited_s(), attempts, lines)) from None
        except retry_on as error:
            attempts.failed(error)
        else:
            attempts.saw(value)
            if matcher.matches(value):
                attempts.note("had", what, [])
                return value
            last = [value]
        if attempts.count == 1:
            evidence.note(evidence.Kind.POLL, f"waiting for {what}, up to {limit_s:g} s")
        waited_s = attempts.waited_s()
        if waited_s >= limit_s:
            lines = _mismatch(matcher, last)
            attempts.note("stopped waiting for", what, lines)
            raise AssertionError(_text(what, waited_s, attempts, lines)) from attempts.error
        pause(min(seconds, limit_s - waited_s))
    raise AssertionError("unreachable: pauses() never ends")


def consistently(
    probe: Callable[[], T], matcher: Matcher[T], *, what: str, for_s: float = 1.0
) -> T:
    """Calls `probe` for `for_s` seconds (before scaling) and checks that `matcher` always holds.

    Returns the last value. Raises AssertionError at the first value that does not match.
    """
    limit_s = scaled(for_s)
    attempts = _Attempts()
    while True:
        value = probe()
        attempts.saw(value)
        waited_s = attempts.waited_s()
        if not matcher.matches(value):
            head = f"{what} did not stay as expected: it changed after {waited_s:.2f} s"
            lines = [head, *_mismatch(matcher, [value]), *attempts.report()]
            attempts.note("watched a change of", what, _mismatch(matcher, [value]))
            raise AssertionError(redact("\n".join(lines)))
        if waited_s >= limit_s:
            attempts.note("watched", what, [])
            return value
        pause(min(0.01, limit_s - waited_s))


def _mismatch(matcher: Matcher[T], last: list[T]) -> list[str]:
    # Imported late: whoever passes a matcher has it already, and who only pauses needs none.
    from hamcrest.core.string_description import StringDescription

    expected, actual = StringDescription(), StringDescription()
    matcher.describe_to(expected)
    for value in last:
        matcher.describe_mismatch(value, actual)
    return [f"Expected: {expected}", f"     but: {actual if last else 'no value could be read'}"]


def _shortened(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _text(what: str, waited_s: float, attempts: _Attempts, mismatch: list[str]) -> str:
    head = f"{what} was awaited for {waited_s:.2f} s ({_tries(attempts.count)})."
    lines = [head, *mismatch, *attempts.report()]
    return redact("\n".join(lines))
