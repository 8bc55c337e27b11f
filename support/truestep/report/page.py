"""What the page says beside its scenarios: counts, filters, groups, facts of the run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from truestep.report import wording
from truestep.report.attempt import SHOWN_ATTEMPTS
from truestep.report.history import History, PastRun
from truestep.report.outcome import Outcome
from truestep.report.run import About, Feature, Run, Scenario, ServiceUse

# What the product does wrong comes before what kept us from knowing.
_GROUPS = {
    Outcome.FAILED: "Does not work as described",
    Outcome.ERROR: "Broke before it could be judged",
    Outcome.INFRASTRUCTURE: "A server failed: says nothing about the product",
    Outcome.UNDEFINED: "Not automated yet",
    Outcome.PENDING: "Not finished yet",
    Outcome.FLAKY: "Flaky: failed, and worked when it was tried again",
}
_SHOWN_ORDER = (Outcome.PASSED, *_GROUPS, Outcome.NOT_RUN, Outcome.SKIPPED)


def page(run: Run, history: History, title: str) -> dict[str, Any]:
    """Returns what the template shows."""
    counts = run.count()
    failures = run.failures
    told = [*failures, *run.flaky]
    groups = [(kind, [one for one in told if one.outcome is kind]) for kind in _GROUPS]
    titles = {use.name: use.title for use in run.services}
    return {
        "title": title,
        "headline": wording.headline(run),
        "state": _state(run),
        "when": _when(run),
        "counts": [(kind, counts[kind]) for kind in _SHOWN_ORDER if counts[kind]],
        "bad_count": sum(counts[kind] for kind in Outcome if kind.is_bad),
        "told_count": len(told),
        "told_title": "What does not work" if failures else "What works only sometimes",
        "shown_attempts": SHOWN_ATTEMPTS,
        "failure_groups": [(kind, found) for kind, found in groups if found],
        "group_titles": _GROUPS,
        "problems": run.problems,
        "attached": run.attached,
        "incomplete": [about for about in run.about if not about.is_complete],
        "folders": _folders(run.features),
        "tags": sorted({tag for scenario in run.scenarios for tag in scenario.tags}),
        "service_names": sorted(titles.items()),
        "services": _services(run),
        "stories": history.stories(),
        "runs": [_past(past) for past in reversed(history.runs)] if len(history.runs) > 1 else [],
        "abouts": [(_about(about), sorted(about.settings.items())) for about in run.about],
    }


def _state(run: Run) -> str:
    """Whether the whole is good, bad, or to be looked at."""
    if run.is_red:
        return "bad"
    return "flaky" if run.flaky else "good"


def _when(run: Run) -> str:
    about = run.about[-1]
    took = about.took_s
    parts = [
        wording.moment(about.started),
        f"took {wording.duration(took)}" if took is not None else "",
        " @ ".join(part for part in (about.branch, about.commit[:8]) if part),
        f"{len(run.about)} runs merged" if len(run.about) > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


def _folders(features: Iterable[Feature]) -> list[tuple[str, list[Feature]]]:
    folders: dict[str, list[Feature]] = {}
    for feature in features:
        folders.setdefault(feature.folder, []).append(feature)
    return [(wording.title_of(folder), found) for folder, found in sorted(folders.items())]


def _services(run: Run) -> list[SimpleNamespace]:
    longest = max((use.took_s for use in run.services), default=0.0) or 1.0
    return [
        SimpleNamespace(one=use, share=round(use.took_s / longest * 100, 1), used=_used(use, run))
        for use in run.services
    ]


def _used(use: ServiceUse, run: Run) -> str:
    users: list[Scenario] = [
        scenario
        for scenario in run.scenarios
        if scenario.started and f"@{use.name}" in scenario.tags
    ]
    if not users:
        return "no scenario that ran asks for it by tag"
    took = wording.duration(sum(scenario.took_s for scenario in users))
    return f"used by {wording.scenarios(len(users))}, which took {took}"


def _past(run: PastRun) -> SimpleNamespace:
    lost = run.count(Outcome.NOT_RUN)
    flaky = run.count(Outcome.FLAKY)
    passed = run.count(Outcome.PASSED)
    return SimpleNamespace(
        started=run.started,
        works=passed,
        flaky=flaky,
        fails=len(run.results) - passed - flaky - lost,
        lost=lost,
        took_s=run.took_s,
        code=f"{run.branch} {run.commit[:8]}".strip(),
    )


def _about(about: About) -> list[tuple[str, str]]:
    code = f"{about.branch} {about.commit}".strip()
    facts = {
        "Run": about.run_id,
        "Began": wording.moment(about.started),
        "Took": wording.duration(about.took_s) if about.took_s is not None else "",
        "Command": shlex.join(["behave", *about.arguments]),
        "Ended by": about.ended_by,
        "Shard": f"{about.shard.index} of {about.shard.total}" if about.shard else "",
        "Exit code": "" if about.exit_code is None else str(about.exit_code),
        "Code": f"{code}, with changes that are not committed" if code and about.is_dirty else code,
        "Versions": ", ".join(f"{name} {version}" for name, version in about.versions.items()),
    }
    return [(name, value) for name, value in facts.items() if value]
