"""Placeholders in the settings of an application: `{port}`, `{postgres.url}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from truestep.errors import SettingsError, nearest
from truestep.settings import Settings, Values

# What is no name between its braces, JSON for one, is left as it is.
_PLACEHOLDER = re.compile(r"\{\{(?P<plain>[^{}]*)\}\}|\{(?P<name>[A-Za-z][\w.-]*)\}")
_FIELDS = {"kafka": "bootstrap"}
TOPIC_SUFFIX = "kafka.suffix"
"""What an application adds to the names of its topics and groups, to have some of its own."""


def placeholder_of(need: str) -> str:
    """Returns the name that stands for where a service is: `postgres.url`, `kafka.bootstrap`."""
    return f"{need}.{_FIELDS.get(need, 'url')}"


def has_own_topics(values: Values) -> bool:
    """Tells whether an application takes what it adds to its topics' names from its settings."""
    variables = (text for key, text in values.values.items() if key.startswith("env."))
    texts = (*(values["command"] or ()), *variables)
    return any(one["name"] == TOPIC_SUFFIX for text in texts for one in _PLACEHOLDER.finditer(text))


def one_at_a_time(settings: Settings) -> dict[str, str]:
    """Returns the applications whose scenarios never run side by side, each with their lock.

    Of one that is deployed, or shared, there is one instance. And instances that name their topics
    alike would hear each other.
    """
    return {
        name: f"application {name}"
        for name, values in settings.services.items()
        if "shared" in values.values
        and (
            values["shared"]
            or values["url"]
            or ("kafka" in values["needs"] and not has_own_topics(values))
        )
    }


def fill_placeholders(
    text: str, known: Mapping[str, str], *, name: str, key: str, values: Values
) -> str:
    """Returns `text` with each `{name}` replaced; `{{name}}` becomes a plain `{name}`.

    Args:
        text: the value of the setting, or a part of it.
        known: what each placeholder stands for.
        name: the application, for the error.
        key: the setting, for the error.
        values: its settings, for the error.

    Raises:
        SettingsError: there is no such placeholder.
    """

    def value_of(found: re.Match[str]) -> str:
        if found["name"] is None:
            return f"{{{found['plain']}}}"
        if found["name"] not in known:
            raise SettingsError(
                f"{key} of {name} asks for {found[0]}, which is unknown",
                seen=f"the nearest valid one is {{{nearest(found['name'], known)}}}",
                looked=values.origin(key),
                remedy=f"use one of {_listed(known)}, add the service to `needs`, "
                f"or write {{{found[0]}}} for {found[0]} as it is",
            )
        return known[found["name"]]

    return _PLACEHOLDER.sub(value_of, text)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
