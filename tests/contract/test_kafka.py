"""The contract of the Kafka service, over every provider."""

from __future__ import annotations

import gc
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hamcrest import (
    assert_that,
    contains_exactly,
    empty,
    equal_to,
    has_item,
    has_properties,
    not_,
)
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from tests.contract.conftest import MakeService, Start, new_run, start
from tests.machine import (
    container_on,
    docker,
    listened_at,
    listening_on,
    taken_port,
)
from truestep.cache import Recipe, keep
from truestep.errors import (
    BackendUnavailableError,
    MalformedEventError,
    ServiceError,
    SettingsError,
    StepUsageError,
)
from truestep.polling import eventually
from truestep.services.base import Endpoint, RunContext
from truestep.services.kafka.client import KafkaClient
from truestep.services.kafka.formatting import PROPERTIES
from truestep.services.processes import free_port
from truestep.settings import Backend
from truestep.start import RunningService

CONFLUENT = "confluentinc/cp-kafka:7.6.0"
APACHE = "apache/kafka:4.1.1"
MEBIBYTE = 2**20
# kafka-python does not close a socket that was refused, nor a client that could not connect.
FORGETS = pytest.mark.filterwarnings("ignore::ResourceWarning")

# For a cache of a test's own, which is gone before a start cache for it could be made.
UNTRAINED = {"training": "no"}

Kind = tuple[Backend, dict[str, str]]
_STARTED = [
    pytest.param((Backend.DOCKER, {"image": CONFLUENT}), marks=pytest.mark.docker, id="cp-kafka"),
    pytest.param((Backend.DOCKER, {"image": APACHE}), marks=pytest.mark.docker, id="apache"),
    pytest.param((Backend.EMBEDDED, {}), id="embedded"),
]


@pytest.fixture(params=[*_STARTED, pytest.param((Backend.EXTERNAL, {}), id="external")])
def server(shared: Start, request: pytest.FixtureRequest) -> RunningService:
    """A server of each kind, shared by the tests."""
    backend, settings = request.param
    return shared("kafka", backend, **settings)


@pytest.fixture(params=_STARTED)
def own_kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of server that Truestep starts itself."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def forgotten_sockets() -> Iterator[None]:
    """For tests marked `FORGETS`: what kafka-python forgot to close is gone when they are over."""
    yield
    gc.collect()


@pytest.fixture
def client(server: RunningService) -> Iterator[KafkaClient]:
    """The client of one scenario."""
    with _scenario(server) as client:
        yield client


def test_answers_and_tells_its_version(server: RunningService) -> None:
    told = {"cp-kafka": "3.6", "apache": "4.1"}
    image = server.service.values["image"] if server.choice.backend is Backend.DOCKER else ""
    expected = next((version for name, version in told.items() if name in image), "4.")
    assert server.version.startswith(expected)
    assert server.provider.death() is None


def test_an_embedded_server_knows_its_version_exactly(shared: Start) -> None:
    assert shared("kafka", Backend.EMBEDDED).version == "4.4.0"


def test_a_record_is_produced_and_consumed_by_a_group_of_any_client(client: KafkaClient) -> None:
    topic, group = client.topic("orders"), client.group("readers")
    with KafkaProducer(bootstrap_servers=client.bootstrap) as producer:
        producer.send(topic, b"placed", key=b"42").get(10)
    with KafkaConsumer(
        topic,
        bootstrap_servers=client.bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    ) as consumer:
        record = next(consumer)
    assert (record.key, record.value) == (b"42", b"placed")


def test_readiness_leaves_no_topic_behind(running: Start) -> None:
    server = running("kafka", Backend.EXTERNAL)
    assert [name for name in _topics(server) if "probe" in name] == []


@FORGETS
@pytest.mark.usefixtures("forgotten_sockets")
def test_a_topic_that_was_never_mentioned_is_not_made_by_the_server(
    shared: Start, own_kind: Kind
) -> None:
    server = shared("kafka", own_kind[0], **own_kind[1])
    producer = KafkaProducer(bootstrap_servers=server.endpoint.url, max_block_ms=500)
    with producer, pytest.raises(Exception, match="metadata"):
        producer.send("misspelt", b"value")
    assert "misspelt" not in _topics(server)


def test_is_reached_on_loopback_only(shared: Start, own_kind: Kind) -> None:
    endpoint = shared("kafka", own_kind[0], **own_kind[1]).endpoint
    assert endpoint == Endpoint("127.0.0.1", endpoint.port, f"127.0.0.1:{endpoint.port}")
    assert listened_at(endpoint.port) == {"127.0.0.1"}


def test_an_embedded_server_takes_at_most_400_mib(running: Start) -> None:
    server = running("kafka", Backend.EMBEDDED)
    with _scenario(server) as client:
        producer = client.producer()
        for name in ("one", "two", "three"):
            topic = client.topic(name)
            for _ in range(20):
                producer.send(topic, b"x" * 500_000)
        assert len(client.events("three")) == 20
        [process] = listening_on(server.endpoint.port)
        assert process.memory_info().rss < 400 * MEBIBYTE


def test_an_event_arrives_as_it_was_sent(client: KafkaClient) -> None:
    client.publish("orders", {"id": 1, "by": "Zoë"}, key="42", headers={"source": "shop"})
    [event] = client.events("orders")
    assert_that(
        event,
        has_properties(
            topic="orders", offset=0, key="42", headers={"source": "shop"}, value=_json("Zoë")
        ),
    )
    assert event.json() == {"id": 1, "by": "Zoë"}
    assert abs(event.timestamp.timestamp() - time.time()) < 60


def _json(name: str) -> bytes:
    return f'{{"id": 1, "by": "{name}"}}'.encode()


def test_what_was_read_can_be_looked_at_again(client: KafkaClient) -> None:
    client.publish("orders", "first", key="a")
    first = client.events("orders")
    client.publish("orders", "second", key="a")
    assert [event.value for event in first] == [b"first"]
    assert [event.value for event in client.events("orders")] == [b"first", b"second"]
    assert [event.value for event in client.events("orders")] == [b"first", b"second"]


def test_events_of_all_partitions_are_read_and_those_of_a_key_stay_in_order(
    client: KafkaClient,
) -> None:
    for number in range(30):
        client.publish("orders", str(number), key=str(number % 10))
    events = client.events("orders")
    assert {event.partition for event in events} == {0, 1, 2}
    for key in map(str, range(10)):
        numbers = [int(event.value or b"") for event in events if event.key == key]
        assert numbers == sorted(numbers)
        assert len(numbers) == 3


def test_what_a_producer_was_given_counts_as_sent_though_it_is_not_acknowledged_yet(
    client: KafkaClient,
) -> None:
    producer = client.producer(linger_ms=60_000)
    for number in range(50):
        producer.send(client.topic("orders"), b"%d" % number)
    assert len(client.events("orders")) == 50


def test_a_producer_that_was_closed_by_its_user_is_no_obstacle(client: KafkaClient) -> None:
    producer = client.producer()
    producer.send(client.topic("orders"), b"value")
    producer.close()
    assert len(client.events("orders")) == 1


def test_that_no_event_came_is_known_at_once(client: KafkaClient) -> None:
    client.publish("invoices", "elsewhere")
    client.topic("orders")
    took_s = []
    for _ in range(3):
        began = time.monotonic()
        assert client.events("orders") == []
        took_s.append(time.monotonic() - began)
    # The best of three: what is measured is the client, not what else this machine does.
    assert min(took_s) < 0.5


def test_only_what_a_transaction_commits_is_an_event(client: KafkaClient) -> None:
    producer = client.producer(transactional_id=client.group("till"))
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(client.topic("orders"), b"committed")
    producer.commit_transaction()
    assert [event.value for event in client.events("orders")] == [b"committed"]
    producer.begin_transaction()
    producer.send(client.topic("orders"), b"aborted")
    assert [event.value for event in client.events("orders")] == [b"committed"]
    producer.abort_transaction()
    client.publish("orders", "later")
    assert [event.value for event in client.events("orders")] == [b"committed", b"later"]


def test_reading_events_takes_nothing_away_from_a_group(client: KafkaClient) -> None:
    for number in range(6):
        client.publish("orders", str(number))
    assert len(client.events("orders")) == 6
    one, other = client.consumer("orders", group="one"), client.consumer("orders", group="other")
    assert sorted(next(one).value for _ in range(6)) == sorted(next(other).value for _ in range(6))


def test_an_event_that_is_not_json_says_so_and_where_it_is(client: KafkaClient) -> None:
    client.publish("orders", "order 42 placed", key="a")
    [event] = client.events("orders")
    assert not event.is_json()
    with pytest.raises(MalformedEventError) as error:
        event.json()
    assert str(error.value) == (
        "an event on 'orders' is not JSON: order 42 placed\n"
        f"  Looked at: partition {event.partition}, offset 0: "
        "Expecting value: line 1 column 1 (char 0)\n"
        "  Try: correct what publishes it, or look at its bytes: event.value"
    )


def test_a_tombstone_and_bytes_that_are_no_text_are_events_too(client: KafkaClient) -> None:
    client.publish("orders", None, key="a")
    client.publish("orders", b"\xff\xfe", key="a")
    texts = [event.text() for event in client.events("orders")]
    assert_that(texts, contains_exactly("no value (a tombstone)", r"b'\xff\xfe'"))


def test_two_scenarios_never_see_each_others_events(server: RunningService) -> None:
    with _scenario(server, "s1") as one, _scenario(server, "s2") as other:
        one.publish("orders", "one")
        other.publish("orders", "other")
        assert [event.value for event in one.events("orders")] == [b"one"]
        assert [event.value for event in other.events("orders")] == [b"other"]
        assert one.group("readers") != other.group("readers")


def test_names_say_which_run_they_belong_to(server: RunningService) -> None:
    run_id = server.service.context.run_id
    with _scenario(server, "s7") as client:
        topic = client.topic("orders")
        assert topic.startswith(f"truestep.{run_id}.")
        assert client.topic("orders") == topic
        assert client.topic("invoices") != topic
        assert client.group("readers") == f"readers.{run_id}.s7"


def test_topics_are_there_before_they_are_asked_for_and_no_scenario_gets_one_again(
    shared: Start,
) -> None:
    server = shared("kafka", Backend.EMBEDDED)
    before: set[str] = set()
    for number in range(4):
        with _scenario(server, f"s{number}") as client:
            asked = {client.topic(name) for name in ("one", "two", "three")}
            assert not asked & before
            before |= asked
            ours = f"truestep.{server.service.context.run_id}."
            eventually(
                lambda ours=ours, before=before: {
                    name for name in _topics(server) - before if name.startswith(ours)
                },
                not_(empty()),
                what="topics that nobody has asked for yet",
            )


def test_no_topic_is_made_for_scenarios_that_will_not_come(running: Start) -> None:
    server = running("kafka", Backend.EMBEDDED)
    server.service.context.to_come["kafka"] = 0
    with _scenario(server) as client:
        mentioned = {client.topic(name) for name in ("one", "two", "three")}
    # What is still to be made goes before what is to be removed.
    eventually(lambda: _topics(server) & mentioned, empty(), what="what was mentioned")
    ours = f"truestep.{server.service.context.run_id}."
    assert [name for name in _topics(server) if name.startswith(ours)] == []


def test_topics_have_as_many_partitions_as_the_setting_says(running: Start) -> None:
    server = running("kafka", Backend.EMBEDDED, partitions="5")
    with _scenario(server) as client, _admin(server) as admin:
        [topic] = admin.describe_topics([client.topic("orders")])
        assert len(topic["partitions"]) == 5


def test_a_scenario_leaves_no_topic_and_no_group(server: RunningService) -> None:
    with _scenario(server, "s8") as client:
        client.publish("orders", "value")
        client.group("never-joined")
        assert next(client.consumer("orders", group="readers")).value == b"value"
        topic, group = client.topic("orders"), client.group("readers")
        assert topic in _topics(server)
        assert group in _groups(server)
    eventually(lambda: _topics(server), not_(has_item(topic)), what="the topics")
    eventually(lambda: _groups(server), not_(has_item(group)), what="the groups")


def test_a_run_leaves_nothing_of_a_scenario_that_never_left(server: RunningService) -> None:
    isolation = server.service.isolation(server.endpoint, server.choice.backend)
    isolation.prepare()
    topic = isolation.enter("s9").topic("orders")
    isolation.close()
    assert topic not in _topics(server)


@pytest.mark.parametrize("name", ["my topic", "", "x" * 240, "tópico"])
def test_a_name_that_kafka_does_not_allow_is_refused(shared: Start, name: str) -> None:
    server = shared("kafka", Backend.EMBEDDED)
    with _scenario(server) as client:
        with pytest.raises(StepUsageError) as error:
            client.topic(name)
        longest = 249 - len(f".{server.service.context.run_id}.s1")
    assert str(error.value) == (
        f"{name!r} cannot be the name of a topic: Kafka allows letters, digits, dots, underscores"
        f" and dashes only, and Truestep up to {longest} of them\n"
        "  Looked at: the name of the topic\n"
        "  Try: choose another name"
    )


def test_two_servers_stand_side_by_side(running: Start, own_backend: Backend) -> None:
    one, other = running("kafka", own_backend), running("kafka", own_backend)
    with _scenario(one) as ours, _scenario(other) as theirs:
        ours.publish("orders", "ours")
        assert theirs.events("orders") == []
        assert len(ours.events("orders")) == 1
    assert one.endpoint.port != other.endpoint.port


def test_stopping_an_embedded_server_leaves_no_process_and_no_folder(
    running: Start, run_context: RunContext
) -> None:
    server = running("kafka", Backend.EMBEDDED)
    [process] = listening_on(server.endpoint.port)
    assert [one.name.split("-")[0] for one in run_context.workspace.root.iterdir()] == ["kafka"]
    server.isolation.close()
    server.provider.stop()
    assert not process.is_running()
    assert list(run_context.workspace.root.iterdir()) == []


@FORGETS
@pytest.mark.usefixtures("forgotten_sockets")
def test_a_killed_server_is_told_dead_at_once_and_by_nobody_else(
    running: Start, own_backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    server = running("kafka", own_backend)
    client = server.isolation.enter("s1")
    client.publish("orders", "value")
    if own_backend is Backend.DOCKER:
        docker("kill", container_on(server.endpoint.port)[0])
        seen = "the container exited with code 137"
    else:
        [process] = listening_on(server.endpoint.port)
        process.kill()
        seen = "killed by SIGKILL"
    eventually(server.provider.death, equal_to(seen), what="the death of the server")
    with pytest.raises(ServiceError) as error:
        server.raise_if_dead()
    assert error.value.what == f"kafka ({own_backend}) died during the run"
    assert error.value.seen == seen
    began = time.monotonic()
    with pytest.raises(server.service.not_ready()):
        server.isolation.leave(client)
    with pytest.raises(server.service.not_ready()):
        server.isolation.close()
    assert time.monotonic() - began < 5
    assert caplog.text == ""


def test_a_fixed_port_is_used(running: Start, own_kind: Kind) -> None:
    backend, settings = own_kind
    port = free_port()
    server = running("kafka", backend, port=str(port), **settings)
    assert server.endpoint.url == f"127.0.0.1:{port}"


def test_a_taken_port_is_refused_before_anything_starts(
    make_service: MakeService, own_kind: Kind
) -> None:
    backend, settings = own_kind
    with taken_port() as port, pytest.raises(BackendUnavailableError) as error:
        make_service("kafka", port=str(port), **settings).provider(backend).check()
    assert error.value.what == f"kafka cannot have the port {port}"


def test_a_broker_that_dies_while_it_starts_says_why(
    run_context: RunContext, tmp_path: Path
) -> None:
    run = replace(run_context, cache=_with_downloads(tmp_path / "cache", run_context.cache))

    def of_another_node(folder: Path) -> None:
        (folder / "data").mkdir()
        (folder / "data/meta.properties").write_text("version=1\nnode.id=77\ncluster.id=other\n")

    keep(run.cache, Recipe("kafka", "formatted folder", "4.4.0", (PROPERTIES,)), of_another_node)
    with pytest.raises(ServiceError) as error, start("kafka", Backend.EMBEDDED, run, **UNTRAINED):
        pass
    assert error.value.what == "kafka (embedded) did not start"
    assert error.value.seen == "exited with code 1"
    assert "Stored node id 77 doesn't match previous node id 1" in error.value.looked


@pytest.mark.docker
def test_a_container_that_ends_at_once_is_not_waited_for(running: Start) -> None:
    with pytest.raises(ServiceError) as error:
        running("kafka", Backend.DOCKER, image="redis:7-alpine")
    assert re.fullmatch(r"the container exited with code \d+", error.value.seen)
    assert "confluent" in error.value.looked


def test_a_server_that_never_answers_is_given_up(running: Start) -> None:
    with taken_port() as port, pytest.raises(ServiceError) as error:
        running("kafka", Backend.EXTERNAL, url=f"127.0.0.1:{port}")
    assert error.value.what == "kafka (external) does not answer"
    assert error.value.seen == "TimeoutError: timed out"


def test_a_url_that_nobody_answers_at_is_refused(running: Start, refusing: int) -> None:
    with pytest.raises(ServiceError) as error:
        running("kafka", Backend.EXTERNAL, url=f"127.0.0.1:{refusing}")
    assert error.value.what == "kafka (external) does not answer"
    assert "Connection refused" in error.value.seen
    assert error.value.looked.startswith(f"127.0.0.1:{refusing}, from -D kafka.url=")


def test_what_is_no_kafka_broker_is_told_from_one(shared: Start, running: Start) -> None:
    redis = shared("redis", Backend.EMBEDDED).endpoint
    with pytest.raises(ServiceError) as error:
        running("kafka", Backend.EXTERNAL, url=f"127.0.0.1:{redis.port}")
    assert error.value.what == "kafka (external) does not answer"


@pytest.mark.parametrize(
    "url", ["localhost", "kafka://localhost:9092", "localhost:x", "a:1,,b:2", "user@host:9092"]
)
def test_a_malformed_url_is_refused_with_the_settings(make_service: MakeService, url: str) -> None:
    with pytest.raises(SettingsError, match="is not a bootstrap server like"):
        make_service("kafka", url=url)


@FORGETS
@pytest.mark.usefixtures("forgotten_sockets")
def test_of_several_bootstrap_servers_one_that_answers_is_enough(
    running: Start, shared: Start, refusing: int
) -> None:
    given = shared("kafka", Backend.EMBEDDED).endpoint.url
    server = running("kafka", Backend.EXTERNAL, url=f"127.0.0.1:{refusing}, {given}")
    with _scenario(server) as client:
        client.publish("orders", "value")
        assert len(client.events("orders")) == 1


def test_starting_and_using_a_server_logs_no_warning_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, own_kind: Kind
) -> None:
    backend, settings = own_kind
    caplog.set_level(logging.WARNING)
    with (
        new_run(tmp_path) as context,
        start("kafka", backend, context, **settings) as server,
        _scenario(server) as client,
    ):
        client.publish("orders", "value")
        client.events("orders")
    told = [
        f"{one.threadName}: {one.getMessage()}" for one in caplog.records if "kafka" in one.name
    ]
    assert told == []


@FORGETS
@pytest.mark.usefixtures("forgotten_sockets")
def test_the_users_own_kafka_logging_is_heard_while_ours_is_not(
    server: RunningService, caplog: pytest.LogCaptureFixture, refusing: int
) -> None:
    with (
        _scenario(server),
        caplog.at_level(logging.WARNING),
        pytest.raises(Exception, match="boot"),
    ):
        KafkaProducer(bootstrap_servers=f"127.0.0.1:{refusing}", bootstrap_timeout_ms=200)
    assert "Bootstrap failed" in caplog.text
    # The records keep the client that they are about.
    caplog.clear()


def test_a_formatted_folder_is_made_once_and_kept(run_context: RunContext, tmp_path: Path) -> None:
    cache = _with_downloads(tmp_path / "cache", run_context.cache)
    fresh = replace(run_context, cache=cache)
    made = []
    for _ in range(2):
        with start("kafka", Backend.EMBEDDED, fresh, **UNTRAINED):
            [kept] = (cache / "kafka").glob("formatted-folder-4.4.0-*/")
            made.append(kept.stat().st_ctime_ns)
    assert made[0] == made[1]
    assert (kept / "content/data/meta.properties").is_file()


def _with_downloads(cache: Path, of: Path) -> Path:
    """Returns a new cache that has the downloads of another one, and nothing else."""
    (cache / "kafka").mkdir(parents=True)
    for downloads in (of / "kafka").glob("downloads-*/"):
        (cache / "kafka" / downloads.name).symlink_to(downloads)
    return cache


@contextmanager
def _scenario(server: RunningService, scenario_id: str = "s1") -> Iterator[KafkaClient]:
    client = server.isolation.enter(scenario_id)
    yield client
    server.isolation.leave(client)


@contextmanager
def _admin(server: RunningService) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=server.endpoint.url.split(",")) as admin:
        yield admin


def _topics(server: RunningService) -> set[str]:
    with _admin(server) as admin:
        return {name for name in admin.list_topics() if not name.startswith("__")}


def _groups(server: RunningService) -> set[str]:
    with _admin(server) as admin:
        return {group["group_id"] for group in admin.list_groups()}
