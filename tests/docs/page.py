"""A page of the docs as something to follow: its fenced blocks are files and console sessions.

A block says what it is: `console` for commands and what they print, or a language and the path of
the file that it is (a part of).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.clone import Done

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\S+)(?: (?P<path>\S+))?\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
# What a command prints that is meant to fail.
_FAILURES = ("ASSERT FAILED", "HOOK-ERROR")


@dataclass(frozen=True)
class Block:
    """A fenced block: a console session, or (a part of) the file that its first line names."""

    section: str
    language: str
    path: str | None
    text: str

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Each command with the lines that the page shows below it."""
        for session in self.text.split("$ ")[1:]:
            command, *shown = session.splitlines()
            yield command, [line for line in shown if line.strip()]


@dataclass(frozen=True)
class Page:
    """The text of a page."""

    text: str

    @classmethod
    def at(cls, path: Path) -> Page:
        """Reads a page."""
        return cls(path.read_text())

    def blocks(self) -> list[Block]:
        """The blocks, in order, each with the heading (`## …`) that it stands below."""
        found = []
        for one in _BLOCK.finditer(self.text):
            headings = _HEADING.findall(self.text, endpos=one.start())
            text = textwrap.dedent(one["text"])
            found.append(
                Block(headings[-1] if headings else "", one["language"], one["path"], text)
            )
        return found

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table below the heading, without its own headings."""
        section = self.text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]

    def linked(self) -> list[str]:
        """The files of this project that the page links to, as it names them."""
        return re.findall(r"\]\((?!https:)([^)]+)\)", self.text)


def assert_printed(done: Done, command: str, shown: list[str]) -> None:
    """Fails unless the command ended as the page says, and printed each of the lines."""
    assert done.code == any(line.startswith(_FAILURES) for line in shown), done.text
    printed = [_comparable(line) for line in done.text.splitlines()]
    for line in shown:
        assert _comparable(line) in printed, f"{command} did not print {line!r}:\n{done.text}"


def _comparable(line: str) -> str:
    """The line without what differs between machines and runs: versions, times, spacing."""
    return re.sub(r"\d+(\.\d+)+|(?<=\()\d+(?= tries)", "N", " ".join(line.split()))
