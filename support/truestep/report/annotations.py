"""What failed or is flaky, as GitHub shows it beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterator

from truestep.redaction import redact
from truestep.report import wording
from truestep.report.run import Run, Scenario

# GitHub shows ten of a step; more would only hide the first.
_MOST = 10


def error_commands(run: Run) -> list[str]:
    """Returns a workflow command for each of the first failures, then of what is flaky.

    Secrets are hidden.
    """
    return list(_commands(run))[:_MOST]


def _commands(run: Run) -> Iterator[str]:
    for problem in run.problems:
        yield _command({"title": problem.where}, problem.problem.message or problem.problem.type)
    for scenario in run.failures:
        yield _command(
            {"file": scenario.uri, "line": str(_line(scenario)), "title": scenario.name},
            wording.reason(scenario) or wording.WORDS[scenario.outcome].says,
        )
    for scenario in run.flaky:
        attempt = scenario.failed_attempts[0]
        line = attempt.failing.line if attempt.failing else 0
        yield _command(
            {"file": scenario.uri, "line": str(line or scenario.line), "title": scenario.name},
            f"flaky, {wording.attempts(scenario)}: {wording.reason(scenario)}",
            kind="warning",
        )


def _line(scenario: Scenario) -> int:
    step = scenario.failing
    return step.line if step and step.line else scenario.line


def _command(properties: dict[str, str], message: str, kind: str = "error") -> str:
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return redact(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
