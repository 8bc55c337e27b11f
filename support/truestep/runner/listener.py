"""The runner's ear among behave's formatters."""

from __future__ import annotations

from typing import Any, Protocol


class Heard(Protocol):
    """Who is told about steps."""

    def step_started(self, step: Any) -> None:
        """A step is about to run, with its hooks; or it has no definition."""

    def step_finished(self, step: Any) -> None:
        """A step has its result."""

    def run_ended(self) -> None:
        """All hooks and cleanups are done; formatters and reporters come to their end next."""


class Listener:
    """The first of behave's formatters: it hears of a step's result before any other.

    Args:
        heard: who is told.
    """

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._steps: list[Any] = []

    def uri(self, _uri: str) -> None:
        """Begins a file."""

    def feature(self, _feature: Any) -> None:
        """Begins a feature."""

    def background(self, _background: Any) -> None:
        """Names a background."""

    def scenario(self, _scenario: Any) -> None:
        """Begins a scenario; its steps follow."""
        self._steps = []

    def step(self, step: Any) -> None:
        """Announces a step of the scenario."""
        self._steps.append(step)

    def match(self, _match: Any) -> None:
        """The next step is about to run."""
        if self._steps:
            self._heard.step_started(self._steps[0])

    def result(self, step: Any) -> None:
        """The step has its result."""
        if self._steps:
            self._steps.pop(0)
        self._heard.step_finished(step)

    def eof(self) -> None:
        """Ends a feature."""

    def close(self) -> None:
        """Ends the run."""
        self._heard.run_ended()
