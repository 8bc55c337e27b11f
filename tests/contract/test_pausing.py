"""The contract of taking a server away for a while, over every service and provider."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.conftest import Start
from truestep.errors import CannotPauseError
from truestep.scope import ScenarioScope
from truestep.services.base import Pausable
from truestep.settings import Backend
from truestep.start import RunningService

_ANSWERS_WITHIN_S = 30.0


def _frozen(server: RunningService, threads: ThreadPoolExecutor) -> None:
    """Asserts that the server answers nobody now, and lets the question stand."""
    asked = threads.submit(server.service.probe, server.endpoint)
    with pytest.raises(TimeoutError):
        asked.result(0.5)


def test_a_paused_server_answers_nobody_until_it_is_resumed(
    shared: Start, name: str, own_backend: Backend
) -> None:
    server = shared(name, own_backend)
    provider = server.provider
    assert isinstance(provider, Pausable)
    with ThreadPoolExecutor(1) as threads:
        provider.pause()
        try:
            _frozen(server, threads)
            assert provider.death() is None
        finally:
            provider.resume()
        again = threads.submit(server.service.probe, server.endpoint)
        assert again.result(_ANSWERS_WITHIN_S) == server.version


def test_a_server_that_is_not_paused_can_be_resumed(
    shared: Start, name: str, own_backend: Backend
) -> None:
    server = shared(name, own_backend)
    assert isinstance(server.provider, Pausable)
    server.provider.resume()
    assert server.service.probe(server.endpoint) == server.version


def test_a_server_can_be_stopped_while_it_is_paused(running: Start, name: str) -> None:
    server = running(name, Backend.EMBEDDED)
    provider = server.provider
    assert isinstance(provider, Pausable)
    # As a run does it: first the connections, then the server.
    server.isolation.close()
    provider.pause()
    provider.stop()
    assert provider.death() is not None


def test_a_paused_server_goes_on_when_its_scenario_ends(shared: Start) -> None:
    server = shared("redis", Backend.EMBEDDED)
    scope = ScenarioScope()
    scope.enter(server, "s1")
    with ThreadPoolExecutor(1) as threads:
        try:
            scope.pause("redis")
            _frozen(server, threads)
        finally:
            scope.leave()
    assert server.service.probe(server.endpoint) == server.version


def test_a_server_that_somebody_else_runs_is_not_paused(shared: Start) -> None:
    server = shared("redis", Backend.EXTERNAL)
    scope = ScenarioScope()
    scope.enter(server, "s1")
    try:
        told = (
            "redis cannot be taken away in this scenario: it was not started by this run\n"
            "  Looked at: redis (external), asked for by -D redis.backend=external\n"
            "  Try: let the run start it: leave out redis.url"
        )
        with pytest.raises(CannotPauseError, match=f"^{re.escape(told)}$"):
            scope.pause("redis")
    finally:
        scope.leave()
