"""The four parts of an error, and how behave sees it."""

from __future__ import annotations

import pytest

from truestep import errors
from truestep.errors import TruestepError, nearest


def test_an_error_says_what_failed_what_was_seen_where_and_what_to_do() -> None:
    error = TruestepError(
        "kafka (docker) was not ready after 60 s",
        seen="the container exited with code 1",
        looked="its last log lines",
        remedy="python -m truestep doctor",
    )
    assert str(error) == (
        "kafka (docker) was not ready after 60 s: the container exited with code 1\n"
        "  Looked at: its last log lines\n"
        "  Try: python -m truestep doctor"
    )
    assert (error.what, error.remedy) == (
        "kafka (docker) was not ready after 60 s",
        "python -m truestep doctor",
    )


@pytest.mark.parametrize(
    "kind", [errors.StepUsageError, errors.UntaggedServiceError, errors.CannotTravelError]
)
def test_misuse_inside_a_step_is_a_failed_step_for_behave(kind: type[TruestepError]) -> None:
    assert issubclass(kind, AssertionError)


@pytest.mark.parametrize("kind", [errors.ServiceError, errors.BackendUnavailableError])
def test_broken_infrastructure_is_no_failed_expectation(kind: type[TruestepError]) -> None:
    assert not issubclass(kind, AssertionError)


@pytest.mark.parametrize(
    ("word", "like"), [("postgras", "postgres"), ("REDIS", "redis"), ("kakfa", "kafka")]
)
def test_the_nearest_choice_is_named(word: str, like: str) -> None:
    assert nearest(word, ["kafka", "postgres", "redis"]) == like


def test_a_word_that_is_like_none_has_no_nearest_choice() -> None:
    assert nearest("browser", ["kafka", "redis"], cutoff=0.6) is None
    assert nearest("browser", []) is None
