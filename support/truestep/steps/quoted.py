"""What stands between two double quotes, for step definitions: the parse type `Quoted`.

A plain `{name}` would also match what stands between the quotes of two names.
"""

from __future__ import annotations

from behave import register_type


def parse_quoted(text: str) -> str:
    """Returns the text as it is; there is no double quote in it."""
    return text


# parse reads from the attribute which text the type matches.
parse_quoted.pattern = r'[^"]+'  # type: ignore[attr-defined]

register_type(Quoted=parse_quoted)
