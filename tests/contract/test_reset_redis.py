"""What reset isolation promises on Redis: an application's database, empty each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import redis

from tests.contract.conftest import Start, shared_place
from truestep.clock import Clock
from truestep.errors import ResetRefusedError, ServiceError
from truestep.services.base import CanTravel, Endpoint, SharedPlace
from truestep.services.redis.client import connect
from truestep.services.redis.url import at_database
from truestep.settings import Backend
from truestep.start import RunningService


@pytest.fixture
def server(shared: Start, own_backend: Backend) -> RunningService:
    return shared("redis", own_backend)


@pytest.fixture
def embedded(shared: Start) -> RunningService:
    return shared("redis", Backend.EMBEDDED)


@pytest.fixture
def place(server: RunningService) -> Iterator[SharedPlace]:
    with shared_place(server) as place:
        yield place


@contextmanager
def scenario(place: SharedPlace, name: str = "s1") -> Iterator[redis.Redis]:
    client = place.enter(name)
    try:
        yield client
    finally:
        place.leave(client)


def application(place: SharedPlace) -> redis.Redis:
    """The application's own client, which knows the URL and nothing else."""
    return redis.Redis.from_url(place.url, decode_responses=True)


def leases(server: RunningService) -> list[str]:
    """Who holds leases, but for those of scenarios, which are numbered."""
    with connect(server.endpoint, database=0) as client:
        holders = [client.get(key) for key in client.keys("truestep:lease:*")]
    return [holder for holder in holders if holder and not holder.split()[-1].isdecimal()]


def test_a_scenario_sees_what_the_application_stores(place: SharedPlace) -> None:
    with closing(application(place)) as app, scenario(place) as client:
        app.set("user:1", "Ada")
        assert client.get("user:1") == "Ada"


def test_the_next_scenario_finds_nothing(place: SharedPlace) -> None:
    with closing(application(place)) as app:
        app.set("before", "the first scenario")
        with scenario(place) as client:
            assert client.keys() == []
            app.set("user:1", "Ada")
        assert app.get("user:1") == "Ada"
        with scenario(place, "s2") as client:
            assert client.keys() == []


def test_the_applications_connections_outlive_every_scenario(place: SharedPlace) -> None:
    with closing(application(place)) as app:
        ids = []
        for name in ("s1", "s2"):
            with scenario(place, name):
                ids.append(app.client_id())
        assert len(set(ids)) == 1


def test_no_other_database_is_touched(server: RunningService) -> None:
    with (
        shared_place(server) as place,
        shared_place(server, "billing") as other,
        closing(application(other)) as theirs,
    ):
        private = server.isolation.enter("beside")
        private.set("ours", "alone")
        theirs.set("bill", "unpaid")
        with scenario(place) as client:
            assert client.keys() == []
            client.set("user:1", "Ada")
        with scenario(place, "s2"):
            assert private.get("ours") == "alone"
            assert theirs.get("bill") == "unpaid"
        server.isolation.leave(private)


def test_the_database_is_given_back_empty(server: RunningService) -> None:
    before = leases(server)
    with shared_place(server) as place:
        holder = f"{server.service.context.run_id} accounts"
        assert set(leases(server)) - set(before) == {holder}
        with closing(application(place)) as app:
            app.set("user:1", "Ada")
    assert leases(server) == before
    with closing(application(place)) as app:
        assert app.keys() == []


def test_closing_again_or_before_preparing_does_nothing(embedded: RunningService) -> None:
    place = embedded.service.shared_place(embedded.endpoint, "accounts", may_reset=True)
    place.close()
    place.prepare()
    place.close()
    place.close()


def test_time_moves_for_what_the_application_caches(place: SharedPlace) -> None:
    assert isinstance(place, CanTravel)
    with closing(application(place)) as app, scenario(place) as client:
        app.set("cached", "1", ex=3600)
        app.set("kept", "1", ex=7200)
        app.set("for ever", "1")
        Clock({"redis": (place, client)}).advance(timedelta(hours=1))
        assert sorted(app.keys()) == ["for ever", "kept"]
        assert 3500 < app.ttl("kept") <= 3600


def test_a_place_named_by_a_url_is_flushed_and_never_leased(embedded: RunningService) -> None:
    for url, database in ((at_database(embedded.endpoint.url, 200), 200), (_bare(embedded), 0)):
        before = leases(embedded)
        place = embedded.service.shared_place(_endpoint(url), None, may_reset=True)
        place.prepare()
        assert place.url == url
        assert leases(embedded) == before
        with closing(application(place)) as app:
            app.set("left", "by somebody")
            with scenario(place) as client:
                assert client.keys("[^t]*") == []
                assert client.connection_pool.connection_kwargs.get("db", 0) == database
                app.set("user:1", "Ada", ex=60)
                Clock({"redis": (place, client)}).advance(timedelta(minutes=1))
                assert app.keys("[^t]*") == []
                app.set("user:2", "Grace")
            place.close()
            assert app.keys("[^t]*") == ["user:2"]
            app.delete("user:2")


def test_flushing_the_database_of_the_leases_leaves_them_in_force(embedded: RunningService) -> None:
    place = embedded.service.shared_place(_endpoint(_bare(embedded)), None, may_reset=True)
    with shared_place(embedded, "billing") as other:
        before = leases(embedded)
        with closing(application(place)) as app:
            app.set("user:1", "Ada")
            with scenario(place) as client:
                lasts = [client.ttl(key) for key in client.keys("truestep:lease:*")]
                assert len(lasts) == client.dbsize()
                assert min(lasts) > 23 * 60 * 60
                Clock({"redis": (place, client)}).advance(timedelta(days=2))
        assert leases(embedded) == before
        with shared_place(embedded) as third:
            assert third.url != other.url
    place.close()


def test_what_may_not_be_flushed_is_not_touched(embedded: RunningService) -> None:
    url = at_database(embedded.endpoint.url, 201)
    place = embedded.service.shared_place(_endpoint(url), None, may_reset=False)
    place.prepare()
    with closing(application(place)) as app:
        app.set("user:1", "Ada")
        with pytest.raises(ResetRefusedError) as refused:
            place.enter("s1")
        place.close()
        assert app.get("user:1") == "Ada"
        app.flushdb()
    hidden = re.sub(":[^:@]*@", ":***@", url)
    assert str(refused.value) == (
        "redis is not emptied for this scenario: its database was not made by this run\n"
        f"  Looked at: {hidden}\n"
        "  Try: write `allow_reset = yes` in [service.redis] if all in it may be deleted"
    )


def test_a_server_without_a_free_database_says_so(running: Start) -> None:
    server = running("redis", Backend.EMBEDDED, databases="2")
    one, other = shared_place(server), shared_place(server, "billing")
    with one, pytest.raises(ServiceError, match="redis has no free database"), other:
        pass


def _endpoint(url: str) -> Endpoint:
    return Endpoint("127.0.0.1", 0, url)


def _bare(server: RunningService) -> str:
    """The URL without a database, which means number 0."""
    return server.endpoint.url.removesuffix("/0")
