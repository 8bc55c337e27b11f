"""Values that a step keeps under a name, for later steps of the same scenario."""

from __future__ import annotations

import re
from typing import Any

from behave.runner import Context

_NAME = re.compile(r"<([^<>]+)>")


def keep(context: Context, name: str, value: Any) -> None:
    """Keeps `value` so that `<name>` stands for it until the scenario ends."""
    context.kept[name] = value


def fill(context: Context, text: str) -> str:
    """Returns `text` with `<name>` replaced by the value kept under it; others stay as they are."""

    def value_of(found: re.Match[str]) -> str:
        return str(context.kept[found[1]]) if found[1] in context.kept else found[0]

    return _NAME.sub(value_of, text)
