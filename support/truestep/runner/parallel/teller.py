"""Among the formatters of a worker: keeps what those of the parent are to be told."""

from __future__ import annotations

from typing import Any

from truestep.runner.parallel.outbox import Outbox


class Teller:
    """A formatter that passes on what concerns scenarios and steps.

    Args:
        outbox: where it goes.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._numbers: dict[int, int] = {}
        self._results = 0

    def uri(self, _uri: str) -> None:
        """Begins a file: the parent knows."""

    def feature(self, _feature: Any) -> None:
        """Begins a feature: the parent knows."""

    def background(self, _background: Any) -> None:
        """Names a background: the parent knows."""

    def scenario(self, scenario: Any) -> None:
        """Begins a scenario; its steps follow."""
        self._numbers = {id(step): number for number, step in enumerate(scenario.all_steps)}
        self._results = 0
        self._outbox.call("scenario")

    def step(self, step: Any) -> None:
        """Announces a step."""
        self._outbox.call("step", self._numbers[id(step)])

    def match(self, _match: Any) -> None:
        """The next step is about to run."""
        self._outbox.call("match", self._results)

    def result(self, step: Any) -> None:
        """The step has its result."""
        self._outbox.call("result", self._numbers[id(step)])
        self._results += 1

    def embedding(self, mime_type: str, data: Any) -> None:
        """Something was attached."""
        self._outbox.call("embedding", (mime_type, data))

    def eof(self) -> None:
        """Ends a part of a feature: the parent knows when all parts have ended."""

    def close(self) -> None:
        """Ends the run: the parent knows."""
