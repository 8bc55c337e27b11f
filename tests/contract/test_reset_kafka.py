"""What reset isolation promises on Kafka: topics under their own names, seen from now on."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from tests.contract.conftest import Start, shared_place
from truestep.errors import StepUsageError
from truestep.services.base import SharedPlace
from truestep.services.kafka.client import KafkaClient
from truestep.settings import Backend
from truestep.start import RunningService

CONFLUENT = "confluentinc/cp-kafka:7.6.0"
# A client of kafka-python that is closed while it connects, on a busy machine, leaves its socket
# to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("forgotten_sockets"),
]


@pytest.fixture
def forgotten_sockets() -> Iterator[None]:
    """What kafka-python forgot to close is gone when the test is over."""
    yield
    gc.collect()


@pytest.fixture(
    params=[
        pytest.param((Backend.DOCKER, {"image": CONFLUENT}), marks=pytest.mark.docker, id="docker"),
        pytest.param((Backend.EMBEDDED, {}), id="embedded"),
    ]
)
def server(shared: Start, request: pytest.FixtureRequest) -> RunningService:
    backend, settings = request.param
    return shared("kafka", backend, **settings)


@pytest.fixture
def place(server: RunningService) -> Iterator[SharedPlace]:
    with shared_place(server, None) as place:
        yield place


@pytest.fixture
def topic() -> str:
    """A name that no other test uses: the server is shared, and topics stay."""
    return f"user.created-{secrets.token_hex(4)}"


@pytest.fixture
def app(server: RunningService) -> Iterator[KafkaProducer]:
    """The application's own producer, which knows the bootstrap servers and nothing else."""
    with closing(KafkaProducer(bootstrap_servers=[server.endpoint.url])) as producer:
        yield producer


@contextmanager
def scenario(place: SharedPlace, name: str = "s1") -> Iterator[KafkaClient]:
    client = place.enter(name)
    try:
        yield client
    finally:
        place.leave(client)


def make(server: RunningService, topic: str, partitions: int = 3) -> None:
    with admin_of(server) as admin:
        admin.create_topics({topic: {"num_partitions": partitions}}, wait_for_metadata=True)


def admin_of(server: RunningService) -> Any:
    return KafkaAdminClient(bootstrap_servers=[server.endpoint.url])


def send(app: KafkaProducer, topic: str, text: str, partition: int | None = None) -> None:
    app.send(topic, text.encode(), partition=partition).get(10)


def seen(client: KafkaClient, topic: str) -> list[str]:
    return [event.text() for event in client.events(topic)]


def test_the_application_is_given_the_bootstrap_servers(
    server: RunningService, place: SharedPlace
) -> None:
    assert place.url == server.endpoint.url


def test_names_stand_for_themselves(place: SharedPlace, topic: str) -> None:
    with scenario(place) as client:
        assert client.topic(topic) == topic
        assert client.group("billing") == "billing"


def test_a_scenario_sees_only_what_came_after_it_began(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    make(server, topic)
    for number in range(3):
        send(app, topic, f"before {number}", partition=number)
    with scenario(place) as client:
        assert seen(client, topic) == []
        send(app, topic, "during", partition=1)
        assert seen(client, topic) == ["during"]
        client.publish(topic, "from a step")
        assert seen(client, topic) == ["during", "from a step"]
        assert client.events(topic)[0].topic == topic
    with scenario(place, "s2") as client:
        assert seen(client, topic) == []


def test_a_topic_that_the_application_makes_later_is_seen_from_its_beginning(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    with scenario(place) as client:
        assert client.events(topic) == []
        make(server, topic)
        send(app, topic, "first")
        assert seen(client, topic) == ["first"]


def test_partitions_that_are_added_later_are_seen_from_their_beginning(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    make(server, topic, partitions=1)
    send(app, topic, "before")
    with scenario(place) as client:
        assert client.events(topic) == []
        with admin_of(server) as admin:
            admin.create_partitions({topic: 2})
        with closing(KafkaProducer(bootstrap_servers=[place.url])) as fresh:
            send(fresh, topic, "in the new one", partition=1)
        assert seen(client, topic) == ["in the new one"]


def test_looking_makes_no_topic_and_naming_makes_a_missing_one(
    server: RunningService, place: SharedPlace, topic: str
) -> None:
    with admin_of(server) as admin, scenario(place) as client:
        assert client.events(topic) == []
        assert topic not in admin.list_topics()
        client.topic(topic)
        [described] = admin.describe_topics([topic])
        assert len(described["partitions"]) == server.service.values["partitions"]
        client.topic(topic)
        assert client.events(topic) == []


def test_leaving_and_closing_delete_nothing(server: RunningService, topic: str) -> None:
    with shared_place(server, None) as place, scenario(place) as client:
        client.publish(topic, "kept")
    with closing(
        KafkaConsumer(
            topic,
            bootstrap_servers=[server.endpoint.url],
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
        )
    ) as reader:
        assert next(reader).value == b"kept"


def test_leaving_closes_what_the_scenario_opened(place: SharedPlace, topic: str) -> None:
    with scenario(place) as client:
        producer = client.producer()
        send(producer, client.topic(topic), "in time")
    with pytest.raises(Exception, match="closed"):
        producer.send(topic, b"too late").get(5)


def test_events_of_a_transaction_are_seen_when_it_is_committed(
    server: RunningService, place: SharedPlace, topic: str
) -> None:
    make(server, topic)
    with scenario(place) as client:
        app = client.producer(transactional_id=f"outbox-{topic}")
        app.init_transactions()
        app.begin_transaction()
        app.send(topic, b"announced")
        app.commit_transaction()
        assert seen(client, topic) == ["announced"]
    with scenario(place, "s2") as client:
        assert seen(client, topic) == []


def test_a_group_begins_with_the_scenario(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    make(server, topic, partitions=1)
    group = f"billing-{topic}"
    for name in ("s1", "s2"):
        send(app, topic, f"before {name}")
        with scenario(place, name) as client:
            consumer = client.consumer(topic, group=group)
            send(app, topic, f"first in {name}")
            send(app, topic, f"left unread in {name}")
            assert next(consumer).value == f"first in {name}".encode()


def test_a_group_that_has_members_goes_on_where_it_is(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    make(server, topic, partitions=1)
    group = f"billing-{topic}"
    with scenario(place) as first:
        member = first.consumer(topic, group=group, enable_auto_commit=False)
        send(app, topic, "one")
        assert next(member).value == b"one"
        with scenario(place, "s2") as second:
            second.consumer(topic, group=group)
        member.commit()
        with admin_of(server) as admin:
            [stands] = admin.list_group_offsets(group)[group].values()
        assert stands.offset == 1


def test_a_group_that_has_read_on_meanwhile_is_not_moved_back(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    make(server, topic, partitions=1)
    group = f"billing-{topic}"
    send(app, topic, "before")
    with scenario(place) as client:
        for text in ("one", "two"):
            send(app, topic, text)
        with closing(
            KafkaConsumer(
                topic,
                bootstrap_servers=[place.url],
                group_id=group,
                auto_offset_reset="earliest",
                consumer_timeout_ms=10_000,
            )
        ) as theirs:
            assert [next(theirs).value for _ in range(2)] == [b"before", b"one"]
        assert next(client.consumer(topic, group=group)).value == b"two"


def test_a_group_that_may_not_be_moved_is_not(
    server: RunningService, app: KafkaProducer, topic: str
) -> None:
    make(server, topic, partitions=1)
    send(app, topic, "before")
    with shared_place(server, None, may_reset=False) as place, scenario(place) as client:
        assert client.events(topic) == []
        consumer = client.consumer(topic, group=f"billing-{topic}")
        assert next(consumer).value == b"before"


def test_a_name_that_kafka_does_not_allow_is_refused(place: SharedPlace) -> None:
    with scenario(place) as client:
        for mention in (client.topic, client.events):
            with pytest.raises(StepUsageError, match="'user created' cannot be the name"):
                mention("user created")
        longest = "x" * 249
        assert client.group(longest) == longest


def test_many_topics_take_as_many_questions_as_one(
    server: RunningService, place: SharedPlace, app: KafkaProducer, topic: str
) -> None:
    names = [f"{topic}.{number}" for number in range(60)]
    with admin_of(server) as admin:
        admin.create_topics({name: {"num_partitions": 2} for name in names}, wait_for_metadata=True)
    send(app, names[41], "before")
    with scenario(place) as client:
        assert client.events(names[41]) == []
        send(app, names[41], "after")
        assert seen(client, names[41]) == ["after"]


def test_closing_leaves_what_was_not_left_and_may_come_before_preparing(
    server: RunningService, topic: str
) -> None:
    place = server.service.shared_place(server.endpoint, None, may_reset=True)
    place.close()
    place.prepare()
    client = place.enter("s1")
    producer = client.producer()
    send(producer, client.topic(topic), "in time")
    place.close()
    with pytest.raises(Exception, match="closed"):
        producer.send(topic, b"too late").get(5)
