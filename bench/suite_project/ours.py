"""The environment of the suite on our side."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from truestep import hooks
from truestep.hooks import *  # noqa: F403  # behave finds its hooks here


class Bank:
    """Where the services of the scenario are."""

    def __init__(self, context: Any) -> None:
        self._context = context

    @cached_property
    def connection(self) -> Any:
        """Returns the scenario's connection to its tables."""
        return self._context.postgres.connect()

    @property
    def cache(self) -> Any:
        """Returns the client of the scenario's keys."""
        return self._context.redis

    def topic(self, name: str) -> str:
        """Returns the scenario's own topic."""
        return str(self._context.kafka.topic(name))

    def producer(self) -> Any:
        """Returns a new producer."""
        return self._context.kafka.producer()

    def consumer(self, topic: str, *, group: str) -> Any:
        """Returns a new consumer that joins a group of the scenario's own."""
        return self._context.kafka.consumer(topic, group=group)


def before_scenario(context: Any, scenario: Any) -> None:
    hooks.before_scenario(context, scenario)
    context.bank = Bank(context)
