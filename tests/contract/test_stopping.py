"""The contract of stopping a server, over every service: what is ours goes, and nothing else."""

from __future__ import annotations

import pytest

from tests.contract.conftest import MakeService, Start
from tests.contract.test_kafka import APACHE
from tests.machine import container_on, docker
from truestep.services.registry import SERVICES
from truestep.settings import Backend


@pytest.mark.docker
@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, {}) for name in SERVICES), ("kafka", {"image": APACHE})],
    ids=[*SERVICES, "kafka of apache"],
)
def test_stopping_a_container_removes_it_and_its_volumes(
    running: Start, name: str, settings: dict[str, str]
) -> None:
    server = running(name, Backend.DOCKER, **settings)
    container, volumes = container_on(server.endpoint.port)
    server.isolation.close()
    server.provider.stop()
    assert container not in docker("ps", "--all", "--quiet", "--no-trunc").split()
    assert not volumes & set(docker("volume", "ls", "--quiet").split())


def test_stop_may_come_before_start_and_again(
    make_service: MakeService, name: str, own_backend: Backend
) -> None:
    provider = make_service(name).provider(own_backend)
    provider.stop()
    provider.start()
    provider.stop()
    provider.stop()


def test_an_external_server_outlives_us(
    shared: Start, make_service: MakeService, name: str
) -> None:
    server = shared(name, Backend.EMBEDDED)
    provider = make_service(name, url=server.endpoint.url).provider(Backend.EXTERNAL)
    provider.start()
    provider.stop()
    assert server.service.probe(server.endpoint) == server.version
