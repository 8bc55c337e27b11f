"""The ready-made steps and the settings, as a user looks them up: Markdown, for docs/ too."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc
from typing import Any

from behave.step_registry import registry

import truestep.steps
from truestep.services.application.settings import APPLICATION_KEYS
from truestep.services.registry import SERVICES, service_class, service_keys
from truestep.settings import Key
from truestep.settings.keys import GENERAL_KEYS, SERVICE_KEYS


@dataclass(frozen=True)
class Definition:
    """One ready-made step definition.

    Attributes:
        module: the module of `truestep.steps` that an import of registers it.
        sentences: how it is written: `Given the key "{key}" exists`.
        meaning: what it does.
    """

    module: str
    sentences: tuple[str, ...]
    meaning: str


def ready_made_steps() -> list[Definition]:
    """Returns the step definitions of `truestep.steps`, as they stand in its modules."""
    for module in pkgutil.iter_modules(truestep.steps.__path__):
        import_module(f"truestep.steps.{module.name}")
    sentences: dict[Any, list[str]] = {}
    for function, sentence in _registered():
        sentences.setdefault(function, []).append(sentence)
    functions = sorted(sentences, key=lambda one: (one.__module__, one.__code__.co_firstlineno))
    return [
        Definition(one.__module__, tuple(sorted(sentences[one])), getdoc(one) or "")
        for one in functions
    ]


def steps_as_markdown() -> str:
    """Returns the catalogue of the ready-made steps."""
    lines = [
        "# The ready-made steps",
        "",
        "`{…}` stands for what you write there; for a time that is `1 hour`, `59 seconds`,",
        "`0.5 seconds` or `a week`. `*` goes with Given, When and Then. `<name>`, in a text or",
        "table of a step, stands for the value that an earlier step kept under that name.",
    ]
    module = ""
    for definition in ready_made_steps():
        if definition.module != module:
            module = definition.module
            about = (getdoc(import_module(module)) or "").partition("\n")[0]
            lines += ["", f"## {module}", "", about, ""]
        lines += _item([f"`{sentence}`" for sentence in definition.sentences], definition.meaning)
    return "\n".join(lines) + "\n"


def settings_as_markdown() -> str:
    """Returns the tables of all settings."""
    lines = [
        "# The settings",
        "",
        "A setting is written in `behave.ini`, in the environment or on the command line; the",
        "later of these beats the earlier. An unknown setting or value is refused, and the error",
        "names the nearest valid one.",
        "",
        "| where | for all services | for one service |",
        "| --- | --- | --- |",
        "| `behave.ini` | `[truestep]` `backend = docker` | `[service.redis]` `backend = docker` |",
        "| environment | `TRUESTEP_BACKEND=docker` | `TRUESTEP_REDIS_BACKEND=docker` |",
        "| command line | `-D backend=docker` | `-D redis.backend=docker` |",
        "",
        "## For the run",
        "",
        *_table(GENERAL_KEYS),
        "",
        "## For each service",
        "",
        *_table(SERVICE_KEYS),
    ]
    own = service_keys()
    for name in SERVICES:
        lines += ["", f"## {service_class(name).title}: `[service.{name}]`", "", *_table(own[name])]
    lines += [
        "",
        "## An application under test: `[service.NAME]`",
        "",
        "A section of any other name, with a `command`, a `compose` file or a `url`, describes",
        "an application; its name is its tag. It has the settings of each service too.",
        "",
        *_table(APPLICATION_KEYS),
    ]
    return "\n".join(lines) + "\n"


def _item(sentences: list[str], meaning: str) -> list[str]:
    """One entry of a list; two spaces at the end of a line break it."""
    first, *others = [*(f"{sentence}  " for sentence in sentences), *meaning.splitlines()]
    return [f"- {first}", *(f"  {line}" if line else "" for line in others)]


def _registered() -> Iterator[tuple[Any, str]]:
    for step_type, definitions in registry.steps.items():
        keyword = "*" if step_type == "step" else step_type.capitalize()
        for definition in definitions:
            if definition.func.__module__.startswith("truestep.steps."):
                yield definition.func, f"{keyword} {_without_types(definition.pattern)}"


def _without_types(pattern: str) -> str:
    """`{count:d}` says how behave reads a value; who writes a step only needs `{count}`."""
    return re.sub(r"\{(\w*):[^{}]*\}", r"{\1}", pattern)


def _table(keys: Mapping[str, Key]) -> list[str]:
    rows = [
        f"| `{name}` | {f'`{key.default}`' if key.default else ''} | {key.help} |"
        for name, key in keys.items()
    ]
    return ["| setting | default | what it is |", "| --- | --- | --- |", *rows]
