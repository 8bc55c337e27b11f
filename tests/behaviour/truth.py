"""What a run says of itself, in every place where it says something."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from cucumber_messages import Envelope, message_converter

from tests.project import Project, Run

OUTCOME = "application/vnd.truestep.outcome+json"
WORDS = ("failed", "error", "infrastructure", "undefined", "pending", "flaky", "not run")
FORMATTERS = (
    "plain",
    "pretty",
    "json",
    "json.pretty",
    "null",
    "progress",
    "progress2",
    "progress3",
    "rerun",
    "tags",
    "tags.location",
    "steps",
    "steps.doc",
    "steps.bad",
    "steps.catalog",
    "steps.code",
    "steps.missing",
    "steps.usage",
    "captured",
)


@dataclass(frozen=True)
class Told:
    """A run that wrote by all formatters at once."""

    run: Run
    folder: Path
    latest: Path

    @classmethod
    def by(
        cls, project: Project, *options: str, environment: Mapping[str, str] | None = None
    ) -> Told:
        """Runs the project and keeps what each formatter wrote in `out/`."""
        formats = [
            word for name in FORMATTERS for word in ("-f", name, "-o", f"out/{name.lower()}.txt")
        ]
        formats += ["-f", "sphinx.steps", "-o", "out/sphinx"]
        run = project.behave(*formats, *options, environment=environment)
        told = cls(run, project.folder, project.folder / "reports" / "latest")
        told.check_messages()
        return told

    def check_messages(self) -> None:
        """Fails when a message is not one: a field is missing, unknown, or has no such value."""
        record = self.latest / "messages.ndjson"
        for line in record.read_text().splitlines() if record.is_file() else ():
            message = json.loads(line)
            envelope = message_converter.from_dict(message, Envelope)
            assert message_converter.to_dict(envelope) == message

    def written(self, formatter: str) -> str:
        """What a formatter wrote; nothing, if it made no file."""
        path = self.folder / "out" / f"{formatter}.txt"
        return path.read_text() if path.is_file() else ""

    @property
    def messages(self) -> list[tuple[str, Any]]:
        """The record: kind and content of each message."""
        lines = (self.latest / "messages.ndjson").read_text().splitlines()
        return [next(iter(json.loads(line).items())) for line in lines]

    @property
    def facts(self) -> dict[str, Any]:
        """What is in run.json."""
        return dict(json.loads((self.latest / "run.json").read_text()))

    @property
    def outcomes(self) -> dict[str, str]:
        """How each selected scenario ended, as the record has it, by name."""
        names: dict[str, str] = {}
        cases: dict[str, str] = {}
        started: dict[str, str] = {}
        found: dict[str, str] = {}
        statuses: dict[str, list[str]] = {}
        for kind, message in self.messages:
            if kind == "pickle":
                names[message["id"]] = message["name"]
            elif kind == "testCase":
                cases[message["id"]] = names[message["pickleId"]]
                found[names[message["pickleId"]]] = "not run"
            elif kind == "testCaseStarted":
                started[message["id"]] = cases[message["testCaseId"]]
            elif kind == "testStepFinished":
                status = message["testStepResult"]["status"]
                statuses.setdefault(message["testCaseStartedId"], []).append(status)
            elif kind == "testCaseFinished":
                ended = statuses[message["testCaseStartedId"]]
                name = started[message["testCaseStartedId"]]
                if found[name] == "not run":
                    # Quiet ones say nothing more: no step failed.
                    assert not {"FAILED", "UNDEFINED", "PENDING"}.intersection(ended), ended
                    found[name] = "skipped" if "SKIPPED" in ended else "passed"
            elif kind == "attachment" and message["mediaType"] == OUTCOME:
                name = started[message["testCaseStartedId"]]
                found[name] = json.loads(message["body"])["status"]
        return found

    @property
    def around(self) -> list[str]:
        """The hooks and cleanups that failed around scenarios, with their places."""
        hooks = {}
        started = {}
        failed = []
        for kind, message in self.messages:
            if kind == "hook":
                place = message["sourceReference"]
                feature = place["uri"].endswith(".feature")
                where = f" {place['uri']}:{place['location']['line']}" if feature else ""
                hooks[message["id"]] = message["name"] + where
            elif kind == "testRunHookStarted":
                started[message["id"]] = hooks[message["hookId"]]
            elif kind == "testRunHookFinished" and message["result"]["status"] == "FAILED":
                failed.append(started[message["testRunHookStartedId"]])
        return failed

    @property
    def junit(self) -> dict[str, str]:
        """How each case ended in the JUnit files, by name: its element, or `passed`."""
        found = {}
        for path in sorted((self.folder / "reports" / "junit").glob("*.xml")):
            # Written by the run, not by a stranger.
            for case in ET.parse(path).getroot().iter("testcase"):  # noqa: S314
                ends = [one.tag for one in case if one.tag in ("failure", "error", "skipped")]
                assert len(ends) <= 1
                found[str(case.get("name"))] = (*ends, "passed")[0]
        return found

    @property
    def success(self) -> bool:
        """What the record says of the run as a whole."""
        kind, message = self.messages[-1]
        assert kind == "testRunFinished"
        return bool(message["success"])

    @property
    def counts(self) -> dict[str, int]:
        """behave's summary of scenarios, without its zeros."""
        found = re.search(r"^(\d+) scenarios? passed(.*)$", self.run.out, re.MULTILINE)
        if found is None:
            return {}
        rest = re.findall(r"(\d+) (\w+)", found[2])
        return {name: int(n) for n, name in [(found[1], "passed"), *rest] if int(n)}

    @property
    def rerun(self) -> list[str]:
        """The places that the rerun formatter names."""
        lines = self.written("rerun").splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def by_json(self) -> dict[str, str]:
        """How each scenario ended as behave's JSON has it, by name."""
        return {
            element["name"]: element["status"]
            for feature in json.loads(self.written("json") or "[]")
            for element in feature.get("elements", ())
            if element["type"] == "scenario"
        }

    @property
    def marks(self) -> Counter[str]:
        """The letters that the progress formatter wrote, one for each scenario."""
        parts = re.findall(r"\.feature  (\S*)", self.written("progress"))
        return Counter("".join(parts))

    @property
    def said(self) -> list[tuple[str, str]]:
        """What our summary at the end says: how something ended, and its place or its name."""
        line = re.compile(rf"^  ({'|'.join(WORDS)}) +(\S+.*)$", re.MULTILINE)
        return [(found[1], found[2]) for found in line.finditer(self.run.out)]

    @property
    def attachments(self) -> list[tuple[str, dict[str, Any]]]:
        """All attachments of scenarios, with the scenario's name."""
        names: dict[str, str] = {}
        found = []
        for kind, message in self.messages:
            if kind == "pickle":
                names[message["id"]] = message["name"]
            elif kind == "testCase":
                names[message["id"]] = names[message["pickleId"]]
            elif kind == "testCaseStarted":
                names[message["id"]] = names[message["testCaseId"]]
            elif kind == "attachment" and "testCaseStartedId" in message:
                found.append((names[message["testCaseStartedId"]], message))
        return found
