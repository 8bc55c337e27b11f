"""A run directory becomes a `Run`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from truestep.errors import TruestepError
from truestep.report.attempt import Problem
from truestep.report.documents import Documents
from truestep.report.layout import EVIDENCE, FACTS, MESSAGES
from truestep.report.outcome import Outcome
from truestep.report.record import Record, read_record, when
from truestep.report.results import CaseReader, outcome_of, problem_of
from truestep.report.run import About, Feature, Run, RunAttachment, RunProblem, ServiceUse, Shard


def read_run(folder: Path, evidence: str = EVIDENCE) -> Run:
    """Reads a run directory, or what `reports/latest` points to.

    Args:
        folder: the directory.
        evidence: where its files of evidence are for a reader of the report.

    Raises:
        TruestepError: it is no run directory, or what is in it cannot be read.
    """
    folder = resolve(folder)
    record = read_record(folder)
    facts = _facts(folder / FACTS)
    about = _about(folder, facts, record)
    services = tuple(
        ServiceUse(
            name=str(row["name"]),
            title=str(row.get("title") or row["name"]),
            version=str(row.get("version") or ""),
            backend=str(row.get("backend") or ""),
            why=str(row.get("why") or ""),
            took_s=float(row.get("took_s") or 0.0),
            owner=str(row.get("owner") or ""),
            problem=str(row.get("problem") or ""),
            run_id=about.run_id,
        )
        for row in facts.get("services", ())
    )
    cases = CaseReader(record, folder, evidence)
    repeated = facts.get("repeat", 1) > 1
    features = tuple(Documents(record, cases, about.run_id, repeated=repeated).features())
    return Run(
        about=(about,),
        features=features,
        services=services,
        problems=tuple(_once(_outside(_problems(record), features))),
        # What several workers kept alike is shown once.
        attached=tuple(dict.fromkeys(_attached(record, cases))),
    )


def resolve(folder: Path) -> Path:
    """Returns the run directory that `folder` is or names.

    `reports/latest` is a file with the name of a folder where symbolic links cannot be made.
    """
    if folder.is_file():
        return folder.parent / folder.read_text("utf-8").strip()
    return folder.resolve()


def _facts(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_bytes())
    except ValueError as error:
        raise TruestepError(
            "the facts of a run cannot be read",
            seen=str(error),
            looked=str(path),
            remedy=f"remove that file: {MESSAGES} beside it is enough for a report",
        ) from None
    return dict(facts)


def _about(folder: Path, facts: dict[str, Any], record: Record) -> About:
    started = _moment(facts.get("started")) or when((record.run_started or {}).get("timestamp"))
    finished = _moment(facts.get("finished")) or when((record.run_finished or {}).get("timestamp"))
    git = facts.get("git") or {}
    versions = {
        name: str(facts[name])
        for name in ("truestep", "behave", "python", "platform")
        if name in facts
    }
    return About(
        run_id=str(facts.get("run_id") or folder.name),
        started=started,
        finished=finished,
        is_complete=record.run_finished is not None,
        exit_code=facts.get("exit_code"),
        arguments=tuple(map(str, facts.get("argv") or ())),
        versions=versions
        | {key: str(value) for key, value in (facts.get("versions") or {}).items()},
        settings=_settings(facts.get("settings") or {}),
        ended_by=str(facts.get("ended_by") or ""),
        commit=str(git.get("commit") or ""),
        branch=str(git.get("branch") or ""),
        is_dirty=bool(git.get("dirty")),
        shard=_shard(facts.get("shard")),
    )


def _shard(row: dict[str, Any] | None) -> Shard | None:
    return Shard(int(row["index"]), int(row["total"]), str(row["plan"])) if row else None


def _settings(sections: dict[str, Any]) -> dict[str, str]:
    """Settings as `-D` takes them: those of a section carry its name."""
    found: dict[str, str] = {}
    for name, value in sections.items():
        if isinstance(value, dict):
            prefix = name.removeprefix("service.")
            of_all = prefix in ("", "truestep")
            found |= {key if of_all else f"{prefix}.{key}": str(own) for key, own in value.items()}
        else:
            found[name] = str(value)
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _place_of_hook(hook: dict[str, Any]) -> str:
    name = str(hook.get("name") or hook.get("type") or "a hook of the run")
    place = hook.get("sourceReference") or {}
    uri = place.get("uri") or ""
    # A hook of a feature or rule has its place there; another is written in Python.
    is_feature = uri.endswith(".feature")
    return f"{name} of {uri}:{place['location']['line']}" if is_feature else name


def _outside(problems: Iterator[RunProblem], features: Sequence[Feature]) -> Iterator[RunProblem]:
    """What befell a scenario is told with it."""
    places: set[str] = set()
    for one in problems:
        places = places or {
            f"{scenario.uri}:{line}"
            for feature in features
            for scenario in feature.scenarios
            for line in (scenario.line, *(step.line for step in scenario.steps))
        }
        if one.where not in places:
            yield one


def _once(problems: Iterable[RunProblem]) -> Iterator[RunProblem]:
    """What several workers met alike is told once; what each met in its own way has a number."""
    known: dict[str, list[Problem]] = {}
    for one in problems:
        found = known.setdefault(one.where, [])
        if one.problem not in found:
            found.append(one.problem)
            yield one if len(found) == 1 else one._replace(where=f"{one.where} ({len(found)})")


def _attached(record: Record, cases: CaseReader) -> Iterator[RunAttachment]:
    for started, _ in record.run_hooks:
        where = _place_of_hook(record.hooks.get(started["hookId"], {}))
        for row in record.attached.get(started["id"], ()):
            yield RunAttachment(where, cases.attachment(row))


def _problems(record: Record) -> Iterator[RunProblem]:
    for started, finished in record.run_hooks:
        hook = record.hooks.get(started["hookId"], {})
        where = _place_of_hook(hook)
        if finished is None:
            why = Problem("", "The run was stopped while this ran.")
            yield RunProblem(where, Outcome.ERROR, why)
        elif (outcome := outcome_of(finished["result"])).is_failure:
            why = problem_of(finished["result"]) or Problem("", "It failed and did not say why.")
            yield RunProblem(where, outcome, why)
    end = record.run_finished or {}
    if end.get("exception") or (end.get("message") and not end.get("success")):
        raised = end.get("exception") or {}
        message = raised.get("message") or end.get("message") or ""
        why = Problem(raised.get("type", ""), message, raised.get("stackTrace", ""))
        yield RunProblem("the run", Outcome.ERROR, why)
    for row in record.parse_errors:
        uri = row["source"].get("uri", "a feature file")
        line = row["source"].get("location", {}).get("line", 1)
        yield RunProblem(f"{uri}:{line}", Outcome.ERROR, Problem("", row["message"]))
