"""The services by name: the one place to add a row for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from truestep.services.base import Service
from truestep.settings import Key

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "postgres": "truestep.services.postgres.service:PostgresService",
        "redis": "truestep.services.redis.service:RedisService",
        "kafka": "truestep.services.kafka.service:KafkaService",
    }
)


def service_class(name: str) -> type[Service]:
    """Returns the class of the registered service `name`."""
    module, _, attribute = SERVICES[name].partition(":")
    return cast(type[Service], getattr(import_module(module), attribute))


def service_keys() -> dict[str, Mapping[str, Key]]:
    """Returns the settings of every registered service, by its name."""
    return {name: service_class(name).keys for name in SERVICES}
