"""The feature files as Cucumber Messages: sources, documents and pickles, by gherkin-official.

A pickle is what runs: a scenario, or one row of an outline. It is matched to behave's scenario by
its place. Where behave reads a file that gherkin-official refuses, or sees it differently, the
pickle is made from what behave runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cucumber_messages import (
    Location,
    ParseError,
    Pickle,
    PickleDocString,
    PickleStep,
    PickleStepArgument,
    PickleStepType,
    PickleTable,
    PickleTableCell,
    PickleTableRow,
    PickleTag,
    Source,
    SourceMediaType,
    SourceReference,
)
from gherkin import Compiler
from gherkin.errors import ParserError
from gherkin.stream.id_generator import IdGenerator

from truestep.runner.gherkin_parser import parsed
from truestep.runner.messages import plain

_TYPES = {
    "given": PickleStepType.context,
    "when": PickleStepType.action,
    "then": PickleStepType.outcome,
}

_QUOTES = re.compile(r"^([ \t]*)'''", re.MULTILINE)

Line = tuple[str, Any]
"""The kind of a message, and the message."""


class Sources:
    """Reads the files of behave's features.

    Args:
        ids: makes the ids of the run's messages.
    """

    def __init__(self, ids: IdGenerator) -> None:
        self._ids = ids
        self._pickles: dict[tuple[str, int], dict[str, Any]] = {}
        self._documents: dict[str, Any] = {}
        # Where a node of a document is, to its id; filled for a file when one is looked for.
        self._nodes: dict[str, dict[int, str]] = {}

    def read(self, path: str, *, is_readable: bool) -> Iterator[Line]:
        """Yields the source of a file and its document, or what is wrong with it.

        Args:
            path: the file.
            is_readable: whether behave could read it; then its scenarios can be told in any case.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError):
            # It is gone since behave read it, or no UTF-8.
            return
        yield "source", Source(text, SourceMediaType.text_x_cucumber_gherkin_plain, path)
        try:
            yield from self._document(path, _as_gherkin(text))
        except ParserError as error:
            if not is_readable:
                place = SourceReference(uri=path, location=Location(line=_line_of(error)))
                yield "parseError", ParseError(message=str(error), source=place)

    def pickle(self, scenario: Any) -> dict[str, Any]:
        """Returns the pickle of a scenario of behave's."""
        found = self._pickles.get((scenario.filename, scenario.line))
        steps = list(scenario.all_steps)
        if found and [row["text"] for row in found["steps"]] == [step.name for step in steps]:
            return found
        made: dict[str, Any] = plain(self._made(scenario, steps))
        return made

    def _document(self, path: str, text: str) -> Iterator[Line]:
        document: Any = parsed(text, self._ids)
        document["uri"] = path
        self._documents[path] = document
        yield "gherkinDocument", document
        for pickle in Compiler(self._ids).compile(document):
            row: Any = pickle
            self._pickles[path, row["location"]["line"]] = row

    def _made(self, scenario: Any, steps: list[Any]) -> Pickle:
        path = scenario.filename
        is_row = getattr(scenario, "_row", None) is not None
        return Pickle(
            id=self._ids.get_next_id(),
            uri=path,
            location=Location(line=scenario.line),
            ast_node_ids=[
                *self._nodes_at(path, getattr(scenario.parent, "line", 0)),
                *self._nodes_at(path, scenario.line),
            ]
            if is_row
            else self._nodes_at(path, scenario.line),
            language=scenario.feature.language or "en",
            name=scenario.name,
            tags=[
                PickleTag(ast_node_id="", name=f"@{tag}") for tag in sorted(scenario.effective_tags)
            ],
            steps=[
                PickleStep(
                    id=self._ids.get_next_id(),
                    ast_node_ids=self._nodes_at(path, step.line),
                    text=step.name,
                    type=_TYPES.get(step.step_type, PickleStepType.unknown),
                    argument=_argument(step),
                )
                for step in steps
            ],
        )

    def _nodes_at(self, path: str, line: int) -> list[str]:
        if path not in self._nodes:
            self._nodes[path] = dict(_nodes(self._documents.get(path)))
        node = self._nodes[path].get(line)
        return [node] if node else []


def _nodes(node: Any) -> Iterator[tuple[int, str]]:
    """Yields the line and the id of each node of a document that has both."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        if "id" in node and "location" in node:
            yield node["location"]["line"], node["id"]
        for item in node.values():
            yield from _nodes(item)


def _as_gherkin(text: str) -> str:
    """Of behave's two ways to write a doc string, Gherkin has one."""
    return _QUOTES.sub(r'\1"""', text) if "'''" in text else text


def _argument(step: Any) -> PickleStepArgument | None:
    table = doc_string = None
    if step.table is not None:
        rows = [step.table.headings, *(row.cells for row in step.table.rows)]
        table = PickleTable(
            [PickleTableRow([PickleTableCell(str(cell)) for cell in row]) for row in rows]
        )
    if step.text is not None:
        doc_string = PickleDocString(content=str(step.text))
    if table is None and doc_string is None:
        return None
    return PickleStepArgument(data_table=table, doc_string=doc_string)


def _line_of(error: Any) -> int:
    first = error.errors[0] if getattr(error, "errors", None) else error
    location = getattr(first, "location", None) or {}
    return int(location.get("line", 1))
