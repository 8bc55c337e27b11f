"""What the contract suites of all services share: a run to start them in, and three backends.

`backend` is a fixture with three values; a test that takes it runs over every provider. `running`
starts a server of its own for one test, `shared` gives one that other tests use too.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from tests.machine import refusing_port
from truestep.console import Console
from truestep.pool import RUN, ServicePool
from truestep.services.base import RunContext, Service, SharedPlace
from truestep.services.registry import SERVICES, service_class
from truestep.settings import Backend, Settings
from truestep.settings.reading import read_settings
from truestep.start import RunningService
from truestep.workspace import Workspace

Start = Callable[..., RunningService]
MakeService = Callable[..., Service]


@pytest.fixture(
    params=[
        pytest.param(Backend.DOCKER, marks=pytest.mark.docker),
        Backend.EMBEDDED,
        Backend.EXTERNAL,
    ],
    ids=str,
)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each of the three backends in turn."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture(
    params=[pytest.param(Backend.DOCKER, marks=pytest.mark.docker), Backend.EMBEDDED], ids=str
)
def own_backend(request: pytest.FixtureRequest) -> Backend:
    """The two backends whose servers Truestep starts itself."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    """Each of the services in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port at which nobody answers while the test runs."""
    with refusing_port() as port:
        yield port


@pytest.fixture
def run_context(tmp_path: Path) -> Iterator[RunContext]:
    """A run with a workspace of its own and the cache that all runs of this user share."""
    with new_run(tmp_path) as context:
        yield context


@pytest.fixture
def make_service(run_context: RunContext) -> MakeService:
    """Returns `make_service(name, **settings)`: the service, nothing started."""

    def make(name: str, **settings: str) -> Service:
        values = settings_for(name, run_context, **settings).services[name]
        return service_class(name)(values, run_context)

    return make


@pytest.fixture
def running(run_context: RunContext) -> Iterator[Start]:
    """Returns `running(name, backend, **settings)`: a new server, gone when the test is over."""
    with ExitStack() as stack:
        yield lambda name, backend, **settings: stack.enter_context(
            start(name, backend, run_context, **settings)
        )


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Returns `shared(name, backend, **settings)`: one server for all tests that ask the same."""
    started: dict[object, RunningService] = {}
    with ExitStack() as stack:
        context = stack.enter_context(new_run(tmp_path_factory.mktemp("shared")))

        def once(name: str, backend: Backend, **settings: str) -> RunningService:
            asked = (name, backend, tuple(sorted(settings.items())))
            if asked not in started:
                started[asked] = stack.enter_context(start(name, backend, context, **settings))
            return started[asked]

        yield once


@contextmanager
def new_run(root: Path) -> Iterator[RunContext]:
    """Yields a run whose console keeps what it says: `context.console.stream.getvalue()`."""
    workspace = Workspace()
    try:
        yield RunContext(
            run_id=secrets.token_hex(3),
            root=root,
            # The tests share the user's cache, so that nothing is downloaded twice.
            cache=user_cache_path("truestep"),
            workspace=workspace,
            console=Console(io.StringIO()),
        )
    finally:
        workspace.close()


def settings_for(name: str, context: RunContext, **settings: str) -> Settings:
    """Returns settings that know only the service `name`, read as from `-D name.key=value`."""
    return read_settings(
        {name: service_class(name).keys},
        folder=context.root,
        environment={},
        userdata={f"{name}.{key}": value for key, value in settings.items()},
    )


@contextmanager
def start(
    name: str, backend: Backend, context: RunContext, **settings: str
) -> Iterator[RunningService]:
    """Starts a server as a run does, and yields it once it is ready; in the end it is stopped.

    An external one without the setting `url` is an embedded server that is known by its URL only.
    """
    with ExitStack() as stack:
        if backend is Backend.EXTERNAL and "url" not in settings:
            given = stack.enter_context(start(name, Backend.EMBEDDED, context, **settings))
            settings = settings | {"url": given.endpoint.url}
        pool = ServicePool(settings_for(name, context, backend=backend, **settings), context)
        pool.check([name])
        stack.callback(pool.close)
        pool.start([name], RUN)
        yield pool.acquire(name, RUN)


@contextmanager
def shared_place(
    server: RunningService, name: str | None = "accounts", *, may_reset: bool = True
) -> Iterator[SharedPlace]:
    """Yields a place on that server, prepared, as an application under test shares it."""
    place = server.service.shared_place(server.endpoint, name, may_reset=may_reset)
    try:
        place.prepare()
        yield place
    finally:
        place.close()
