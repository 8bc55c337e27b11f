"""Cucumber Messages: from the classes of `cucumber-messages` to lines of JSON, quickly.

The package's own converter writes the same, at ten times the cost: it looks at every field anew.
"""

from __future__ import annotations

import json
import time
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException
from typing import Any

import behave
from cucumber_messages import Duration, Timestamp
from cucumber_messages import Exception as RaisedException

from truestep.redaction import redact
from truestep.runner.places import portable

_BEHAVE = Path(behave.__file__).parent
_NANOS = 1_000_000_000
# No message is inside of itself: to look for that takes a sixth of the time.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def line(kind: str, message: Any) -> bytes:
    """Returns one line of messages.ndjson.

    Args:
        kind: the name of the field in `cucumber_messages.Envelope`, in camel case.
        message: an instance of a class of `cucumber_messages`, or a dict that is JSON already.
    """
    # A lone surrogate, from a file name or a log that is no UTF-8, cannot be encoded.
    return (_encode({kind: plain(message)}) + "\n").encode("utf-8", errors="replace")


def step_started(case_id: str, step_id: str) -> bytes:
    """Returns the line that a step of a test case begins now."""
    # There are two lines for every step and every scenario of every run. Written by hand they
    # cost a tenth.
    return (
        f'{{"testStepStarted":{{"testCaseStartedId":"{case_id}","testStepId":"{step_id}",'
        f'"timestamp":{_now()}}}}}\n'
    ).encode()


def step_passed(case_id: str, step_id: str, took_s: float) -> bytes:
    """Returns the line that it has passed now, having taken that long."""
    seconds, nanos = divmod(max(0, int(took_s * _NANOS)), _NANOS)
    return (
        f'{{"testStepFinished":{{"testCaseStartedId":"{case_id}","testStepId":"{step_id}",'
        f'"testStepResult":{{"duration":{{"nanos":{nanos},"seconds":{seconds}}},'
        f'"status":"PASSED"}},"timestamp":{_now()}}}}}\n'
    ).encode()


def case_started(case_id: str, started_id: str, attempt: int, worker: str | None) -> bytes:
    """Returns the line that an attempt at a test case begins now, in that worker process."""
    in_worker = f',"workerId":{_encode(worker)}' if worker else ""
    return (
        f'{{"testCaseStarted":{{"attempt":{attempt},"id":"{started_id}",'
        f'"testCaseId":"{case_id}","timestamp":{_now()}{in_worker}}}}}\n'
    ).encode()


def case_finished(started_id: str, *, is_retried: bool) -> bytes:
    """Returns the line that it ends now; another one may follow."""
    return (
        f'{{"testCaseFinished":{{"testCaseStartedId":"{started_id}","timestamp":{_now()},'
        f'"willBeRetried":{"true" if is_retried else "false"}}}}}\n'
    ).encode()


def _now() -> str:
    seconds, nanos = divmod(time.time_ns(), _NANOS)
    return f'{{"nanos":{nanos},"seconds":{seconds}}}'


def plain(value: Any) -> Any:
    """Returns `value` as JSON knows it: names in camel case, what is None left out."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or kind is dict:
        return value
    if kind is list:
        return [plain(item) for item in value]
    if is_dataclass(value):
        row = {}
        for name, shown in _names(kind):
            item = getattr(value, name)
            if item is not None:
                row[shown] = plain(item)
        return row
    return value.value if isinstance(value, Enum) else value


def now() -> Timestamp:
    """Returns the time now."""
    whole, nanos = divmod(time.time_ns(), _NANOS)
    return Timestamp(nanos=nanos, seconds=whole)


def duration(seconds: float) -> Duration:
    """Returns a length of time as a message has it; never below zero."""
    whole, nanos = divmod(round(max(0.0, seconds) * _NANOS), _NANOS)
    return Duration(nanos=nanos, seconds=whole)


def raised(error: BaseException) -> RaisedException:
    """Returns an exception as a message has it: secrets hidden, behave's own frames left out."""
    trace = TracebackException.from_exception(error)
    _shorten(trace)
    return RaisedException(
        type=type(error).__name__,
        message=redact(str(error)),
        stack_trace=redact("".join(trace.format())),
    )


def _shorten(trace: TracebackException) -> None:
    own = [frame for frame in trace.stack if not Path(frame.filename).is_relative_to(_BEHAVE)]
    trace.stack = StackSummary.from_list(
        FrameSummary(portable(frame.filename), frame.lineno, frame.name, line=frame.line)
        for frame in own
    )
    for other in (trace.__cause__, trace.__context__):
        if other is not None:
            _shorten(other)


@cache
def _names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, _camel(field.name)) for field in fields(kind))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
