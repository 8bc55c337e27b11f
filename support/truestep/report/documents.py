"""The features of a run: what their files say, and how it went."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from truestep.report.attempt import Attempt, Step, decided
from truestep.report.keys import Keys, example_names
from truestep.report.record import CaseRecord, Record, when
from truestep.report.results import CaseReader
from truestep.report.run import Examples, Feature, Item, Outline, Scenario, Section


class Documents:
    """Puts the features together: what the files say, and how it went.

    Args:
        record: of the run.
        cases: reads what the record says of a scenario.
        run_id: of the run.
        repeated: whether each scenario was to run several times, and to pass each time.
    """

    def __init__(self, record: Record, cases: CaseReader, run_id: str, *, repeated: bool) -> None:
        self._record = record
        self._run_id = run_id
        self._repeated = repeated
        self._cases = cases
        self._keys = Keys()
        # By the id of the node that a pickle stands for: a scenario, or a row of examples.
        self._pickles = {_node(pickle): pickle for pickle in record.pickles.values()}
        self._placed: set[str] = set()

    def features(self) -> Iterator[Feature]:
        """Yields each feature, in the order of the record."""
        for document in self._record.documents:
            if document.get("feature"):
                yield self._feature(document["uri"], document["feature"])
        # What gherkin-official does not read the way behave does.
        others: dict[str, list[dict[str, Any]]] = {}
        for identity, pickle in self._record.pickles.items():
            if identity not in self._placed and self._pickles.get(_node(pickle)) is pickle:
                others.setdefault(pickle["uri"], []).append(pickle)
        for uri, pickles in others.items():
            yield self._bare_feature(uri, pickles)

    def _feature(self, uri: str, node: dict[str, Any]) -> Feature:
        slug = self._keys.of_feature(uri)
        background = self._background(node)
        own = [child["scenario"] for child in node["children"] if "scenario" in child]
        rules = [child["rule"] for child in node["children"] if "rule" in child]
        sections = []
        if own:
            items = self._items(uri, own, node["name"], "")
            sections.append(Section("", "", (), node["location"]["line"], (), items))
        for rule in rules:
            rule_background = self._background(rule)
            scenarios = [child["scenario"] for child in rule["children"] if "scenario" in child]
            sections.append(
                Section(
                    name=rule["name"],
                    description=_text(rule["description"]),
                    tags=_tags(rule),
                    line=rule["location"]["line"],
                    background=rule_background,
                    items=self._items(uri, scenarios, node["name"], rule["name"]),
                )
            )
        return Feature(
            slug=slug,
            uri=uri,
            name=node["name"],
            keyword=node["keyword"],
            description=_text(node["description"]),
            language=node["language"],
            tags=_tags(node),
            background=background,
            sections=tuple(sections),
        )

    def _background(self, node: dict[str, Any]) -> tuple[Step, ...]:
        for child in node["children"]:
            if "background" in child:
                return self._template(child["background"]["steps"], is_background=True)
        return ()

    def _template(
        self, nodes: Iterable[dict[str, Any]], *, is_background: bool
    ) -> tuple[Step, ...]:
        steps = []
        for node in nodes:
            keyword, line, _ = self._note_keyword(node, is_background=is_background)
            rows = node.get("dataTable", {}).get("rows", ())
            steps.append(
                Step(
                    keyword=keyword,
                    text=node["text"],
                    line=line,
                    table=tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows),
                    doc_string=node.get("docString", {}).get("content"),
                    is_background=is_background,
                )
            )
        return tuple(steps)

    def _note_keyword(self, node: dict[str, Any], *, is_background: bool) -> tuple[str, int, bool]:
        """Keeps what a pickle's step does not say itself."""
        noted = node["keyword"].strip(), node["location"]["line"], is_background
        self._cases.keywords[node["id"]] = noted
        return noted

    def _items(
        self, uri: str, nodes: Iterable[dict[str, Any]], feature: str, rule: str
    ) -> tuple[Item, ...]:
        items: list[Item] = []
        for node in nodes:
            if node["examples"]:
                steps = self._template(node["steps"], is_background=False)
                items.append(self._outline(uri, node, steps, feature, rule))
            elif node["id"] in self._pickles:
                for step in node["steps"]:
                    self._note_keyword(step, is_background=False)
                pickle = self._pickles[node["id"]]
                items.append(self._scenario(pickle, node, node["name"], feature, rule))
        return tuple(items)

    def _outline(
        self, uri: str, node: dict[str, Any], steps: tuple[Step, ...], feature: str, rule: str
    ) -> Outline:
        _, slug = self._keys.of_scenario(uri, f"{node['name']} (outline)")
        rows: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        for index, table in enumerate(node["examples"]):
            header = [cell["value"] for cell in table.get("tableHeader", {}).get("cells", ())]
            for row in table["tableBody"]:
                # A row without a pickle: a scenario without steps makes none.
                if pickle := self._pickles.get(row["id"]):
                    cells = [cell["value"] for cell in row["cells"]]
                    rows.append((index, dict(zip(header, cells, strict=False)), pickle))
        names = example_names([row[2]["name"] for row in rows], [row[1] for row in rows])
        made = [
            (index, tuple(cells.values()), self._scenario(pickle, node, name, feature, rule))
            for (index, cells, pickle), name in zip(rows, names, strict=True)
        ]
        examples = tuple(
            Examples(
                name=table["name"],
                description=_text(table["description"]),
                tags=_tags(table),
                header=tuple(c["value"] for c in table.get("tableHeader", {}).get("cells", ())),
                rows=tuple((cells, scenario) for at, cells, scenario in made if at == index),
            )
            for index, table in enumerate(node["examples"])
        )
        return Outline(
            slug=slug,
            name=node["name"],
            keyword=node["keyword"],
            description=_text(node["description"]),
            tags=_tags(node),
            line=node["location"]["line"],
            steps=steps,
            examples=examples,
        )

    def _scenario(
        self,
        pickle: dict[str, Any],
        node: dict[str, Any],
        name: str,
        feature: str,
        rule: str,
    ) -> Scenario:
        self._placed.add(pickle["id"])
        cases = self._record.cases.get(pickle["id"]) or (None,)
        attempts = tuple(self._attempt(pickle, case) for case in cases)
        outcome, shown = decided(attempts, repeated=self._repeated)
        key, slug = self._keys.of_scenario(pickle["uri"], name)
        return Scenario(
            key=key,
            slug=slug,
            uri=pickle["uri"],
            line=(pickle.get("location") or node["location"])["line"],
            name=name,
            keyword=node["keyword"],
            description=_text(node["description"]),
            tags=tuple(dict.fromkeys(tag["name"] for tag in pickle["tags"])),
            steps=shown.steps,
            outcome=outcome,
            started=shown.started,
            took_s=shown.took_s,
            evidence=shown.evidence,
            attachments=shown.attachments,
            why=shown.why,
            feature=feature,
            rule=rule,
            outline=node["name"] if node["examples"] else "",
            run_id=self._run_id,
            worker=shown.worker,
            attempts=attempts if len(attempts) > 1 else (),
        )

    def _attempt(self, pickle: dict[str, Any], case: CaseRecord | None) -> Attempt:
        steps = self._cases.steps(pickle, case)
        started, took_s = _time_of(case)
        return Attempt(
            self._run_id,
            self._cases.outcome(steps, case),
            steps,
            started,
            took_s,
            self._cases.evidence(case),
            self._cases.attachments(case),
            self._cases.why(case),
            str(((case and case.started) or {}).get("workerId") or ""),
        )

    def _bare_feature(self, uri: str, pickles: list[dict[str, Any]]) -> Feature:
        slug = self._keys.of_feature(uri)
        name = Path(uri).stem.replace("_", " ")
        bare = {"keyword": "Scenario", "description": "", "examples": [], "location": {"line": 1}}
        items = tuple(self._scenario(pickle, bare, pickle["name"], name, "") for pickle in pickles)
        section = Section("", "", (), 1, (), items)
        return Feature(slug, uri, name, "Feature", "", "en", (), (), (section,))


def _time_of(case: CaseRecord | None) -> tuple[datetime | None, float]:
    if case is None or case.started is None:
        return None, 0.0
    started = when(case.started["timestamp"])
    finished = when(case.finished["timestamp"]) if case.finished else None
    if started is None or finished is None:
        return started, 0.0
    return started, max(0.0, (finished - started).total_seconds())


def _node(pickle: dict[str, Any]) -> str:
    return str(pickle["astNodeIds"][-1] if pickle["astNodeIds"] else pickle["id"])


def _tags(node: dict[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"] for tag in node["tags"])


def _text(description: str) -> str:
    return textwrap.dedent(description).strip()
