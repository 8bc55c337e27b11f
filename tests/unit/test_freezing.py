"""A container is frozen by as many tries as it takes on a busy machine, and by no more."""

from __future__ import annotations

import pytest

from truestep.errors import ServiceError
from truestep.services.freezing import freeze

BUSY = "Cannot pause container 5f1e: OCI runtime pause failed: unable to freeze: unknown"


def test_what_was_too_busy_is_tried_again() -> None:
    answers = [BUSY, BUSY, None]
    freeze("kafka of the stack", lambda: answers.pop(0))
    assert answers == []


def test_what_is_always_too_busy_is_told() -> None:
    with pytest.raises(ServiceError, match="redis could not be frozen") as told:
        freeze("redis", lambda: BUSY)
    assert told.value.seen == BUSY


def test_what_another_try_cannot_mend_is_told_at_once() -> None:
    answers = ["No such container: 5f1e", None]
    with pytest.raises(ServiceError) as told:
        freeze("redis", lambda: answers.pop(0))
    assert (told.value.seen, answers) == ("No such container: 5f1e", [None])
