"""Results, times and places in plain words: the same in every report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from truestep.report.attempt import Attempt
from truestep.report.history import Story
from truestep.report.outcome import Outcome
from truestep.report.run import Run, Scenario

_MINUTE_S = 60
_HOUR_S = 3600


@dataclass(frozen=True)
class Words:
    """How one outcome is spoken of.

    Args:
        label: one or two words, for a chip or a table.
        says: the end of "this scenario …".
        mark: one character, for places without colour.
    """

    label: str
    says: str
    mark: str


WORDS: dict[Outcome, Words] = {
    Outcome.PASSED: Words("works", "works as described", "✓"),
    Outcome.FAILED: Words("fails", "does not work as described", "✗"),
    Outcome.ERROR: Words("broke", "broke before it could be judged", "!"),
    Outcome.INFRASTRUCTURE: Words(
        "server trouble", "could not be judged, because a server failed", "⚡"
    ),
    Outcome.UNDEFINED: Words("not automated", "has a step that nobody has automated yet", "?"),
    Outcome.PENDING: Words("unfinished", "has a step that is not finished yet", "…"),
    Outcome.FLAKY: Words("flaky", "failed, and worked only when it was tried again", "~"),
    Outcome.NOT_RUN: Words("not reached", "was not reached before the run ended", "○"),
    Outcome.SKIPPED: Words("left out", "was left out of this run", "-"),
}


def headline(run: Run) -> str:
    """Returns in one sentence how the run went. What was left out of it does not count.

    What is flaky is not counted as working: only who looks at it knows what it is.
    """
    counts = run.count()
    selected = sum(counts.values()) - counts[Outcome.SKIPPED]
    passed = counts[Outcome.PASSED]
    if run.problems and passed == selected:
        return f"{scenarios(passed)} worked, but the run itself had trouble"
    if not selected:
        return "Nothing was run"
    if passed == selected:
        return (
            "It works as described" if passed == 1 else f"All {passed} scenarios work as described"
        )
    flaky, lost = counts[Outcome.FLAKY], counts[Outcome.NOT_RUN]
    rest = f"; {flaky} {'is' if flaky == 1 else 'are'} flaky" if flaky else ""
    rest += f"; {lost} {'was' if lost == 1 else 'were'} not reached" if lost else ""
    verb = "works" if passed == 1 else "work"
    return f"{passed} of {scenarios(selected)} {verb} as described{rest}"


def scenarios(count: int) -> str:
    """Returns `1 scenario`, `2 scenarios`."""
    return f"{count} scenario{'' if count == 1 else 's'}"


def attempts(scenario: Scenario) -> str:
    """Returns how many attempts failed, of those there were; "" for one alone."""
    if not scenario.attempts:
        return ""
    failed, times = len(scenario.failed_attempts), len(scenario.attempts)
    return f"failed {failed} of {times}" if failed else f"passed each of {times} times"


def unsteady(story: Story) -> str:
    """Returns how often a result came and went, as the end of "it …"."""
    runs = len(story.outcomes)
    flaky = story.outcomes.count(Outcome.FLAKY)
    parts = [
        f"it changed {story.changes} times" if story.changes > 1 else "",
        f"it was flaky {flaky} time{'' if flaky == 1 else 's'}" if flaky else "",
    ]
    last = "last run" if runs == 1 else f"last {runs} runs"
    return f"{' and '.join(part for part in parts if part)} in its {last}"


def reason(scenario: Scenario | Attempt) -> str:
    """Returns why a scenario did not end well; "" when it did, or nothing was said.

    Of a flaky one it is what its first attempt failed by.
    """
    if scenario.outcome is Outcome.FLAKY and isinstance(scenario, Scenario):
        return reason(scenario.failed_attempts[0])
    step = scenario.failing
    if step is None:
        return scenario.why
    if step.problem and step.problem.message.strip():
        return step.problem.message.strip("\n")
    if step.outcome is Outcome.UNDEFINED:
        return "No step definition matches this step."
    if step.outcome is Outcome.PENDING:
        return "The step definition of this step says that it is not finished."
    return scenario.why or (step.problem.type if step.problem else "")


def duration(seconds: float) -> str:
    """Returns a length of time the way people say it, to two or three digits."""
    if seconds < 0.0005:  # noqa: PLR2004  # half a millisecond
        return "0 ms"
    if seconds < 0.9995:  # noqa: PLR2004  # what is shown as a second
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min {int(seconds % _MINUTE_S)} s"
    return f"{int(seconds // _HOUR_S)} h {int(seconds % _HOUR_S // _MINUTE_S)} min"


def moment(at: datetime | None) -> str:
    """Returns a date and time in UTC, without a locale."""
    if at is None:
        return ""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def title_of(folder: str) -> str:
    """Returns what a folder of features is called: its own name, as words."""
    name = folder.removeprefix("features").strip("/")
    return " / ".join(
        part.replace("_", " ").replace("-", " ").capitalize() for part in name.split("/")
    )
