"""Every exception class of Truestep, and the four-part form that all of them print in.

An error says what failed, what was seen, where we looked, and what to do.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from truestep.redaction import redact


class TruestepError(Exception):
    """An error that a user can act on.

    Args:
        what: what failed, as the start of a sentence.
        seen: what was seen instead.
        looked: where we looked: a setting, a file, the last lines of a log.
        remedy: what to do about it, in the imperative.

    Secrets that were registered with `truestep.redaction` are hidden in its text.
    """

    def __init__(self, what: str, *, seen: str, looked: str, remedy: str) -> None:
        self.what, self.seen, self.looked, self.remedy = map(redact, (what, seen, looked, remedy))
        super().__init__(
            f"{self.what}: {self.seen}\n  Looked at: {self.looked}\n  Try: {self.remedy}"
        )

    def __reduce__(self) -> tuple[Callable[..., TruestepError], tuple[object, ...]]:
        """Makes it one that can be sent to another process."""
        return _made_again, (type(self), self.what, self.seen, self.looked, self.remedy)


def _made_again(
    kind: type[TruestepError], what: str, seen: str, looked: str, remedy: str
) -> TruestepError:
    return kind(what, seen=seen, looked=looked, remedy=remedy)


class SettingsError(TruestepError):
    """A setting, or its value, is not one that Truestep knows."""


class TagError(TruestepError):
    """A tag asks for something that Truestep does not have."""


class BackendUnavailableError(TruestepError):
    """The backend that was asked for cannot be used on this machine."""


class ServiceError(TruestepError):
    """Infrastructure failed, not an expectation: a service did not start, or died."""


class ScenarioTimeoutError(TruestepError):
    """A scenario took longer than its time limit."""


class WorkerDiedError(TruestepError):
    """The process that ran a scenario died in it."""


class StepUsageError(TruestepError, AssertionError):
    """A step was used in a way that cannot work: a table or a value that does not fit.

    Also an AssertionError, so that behave prints its text without a traceback.
    """


class UntaggedServiceError(TruestepError, AssertionError):
    """A scenario uses a service that its tags did not ask for."""


class UndefinedStepError(TruestepError):
    """A selected scenario has a step that no step definition matches."""


class MalformedEventError(TruestepError, AssertionError):
    """A step takes an event for JSON, and it is not."""


class NoAnswerError(TruestepError, AssertionError):
    """The application under test did not answer a request: too slow, or not there."""


class ResetRefusedError(TruestepError):
    """A place that was not made by this run would have to be emptied; its scenario is skipped."""


class CannotPauseError(TruestepError):
    """A scenario takes away a server that was not started by this run; it is skipped."""


class CannotTravelError(TruestepError, AssertionError):
    """A scenario moves the time of a service that has no clock to move."""


class CacheInUseError(TruestepError):
    """What is kept between runs cannot be removed while a run may be using it."""


class EndedEarlyError(TruestepError):
    """A step, a hook or a cleanup was ended from within: by a second signal, or by `sys.exit`."""


def file_trouble(error: Exception) -> str:
    """Returns in a few words why an operation on files did not succeed."""
    if isinstance(error, shutil.Error):
        # Of a whole tree that was copied, the first file that failed speaks for all. Python writes
        # `[Errno 28] No space left on device: 'FILE' -> 'FILE'`.
        first = str(error.args[0][0][2])
        return first.partition("] ")[2].partition(": '")[0] or first
    return str(getattr(error, "strerror", None) or error)


def nearest(word: str, choices: Iterable[str], *, cutoff: float = 0.0) -> str | None:
    """Returns the choice most like `word`; None when none is alike by `cutoff` (0 to 1)."""
    found = get_close_matches(word.lower(), list(choices), n=1, cutoff=cutoff)
    return found[0] if found else None
