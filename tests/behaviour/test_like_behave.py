"""Runs of behave's own runner and of ours say and write the same: real runs, side by side.

Each row of `ROWS` is a command line of behave's. The project is tests/samples/behaviours, which
uses nothing of Truestep; its hooks write down what they see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.behaviour.truth import FORMATTERS
from tests.project import Project, Run

BEHAVES, OURS = "behave.runner:Runner", "truestep.runner:Runner"
# behave's formatter `captured` raises in behave 1.3.3.
COMPARED = (*(name for name in FORMATTERS if name != "captured"), "calls")
TO_FILES = tuple(word for name in COMPARED for word in ("-f", name, "-o", f"out/{name}"))
CLOSING = """\
Feature: Closing
  Scenario: Shut
    When the shop is closed for good

  Scenario: Too late
    Given an empty basket
"""
BROKEN_STEPS = {"features/steps/broken_steps.py": "from behave import nothing_of_that_name\n"}


@dataclass(frozen=True)
class Row:
    """A command line, with files that are there beside those of the sample.

    With `twice` it is run a second time, with those options. `known` are the differences that are
    meant, as patterns of the lines of a diff; `by_workers` are those of several workers. What runs
    before a run is ended depends on time when there are several: that is compared `one_by_one`.
    """

    name: str
    options: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    twice: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    by_workers: tuple[str, ...] = ()
    one_by_one: bool = False


def raising(hook: str, at: str) -> tuple[str, ...]:
    return ("-f", "plain", "-D", f"raise_in={hook}", "-D", f"at={at}")


AFTER_ONLY = """\
def after_scenario(context, scenario):
    print("after", scenario.name)

def after_feature(context, feature):
    print("after", feature.name)

def after_tag(context, tag):
    print("after", tag)

def after_all(context):
    print("after all")
"""

ROWS = [
    Row(
        "hooks that only come after",
        ("-f", "plain", "--no-capture", "--no-capture-hooks", "features/nested"),
        files={"features/environment.py": AFTER_ONLY},
        # No worker enters a feature of which nothing runs.
        by_workers=(r"-printed: after Empty",),
    ),
    Row("all formatters, to files", TO_FILES),
    Row("all formatters, nothing run", (*TO_FILES, "--dry-run")),
    Row("pretty", ()),
    Row("pretty in colours", ("--color=always", "-f", "pretty", "--no-source", "--no-multiline")),
    Row("plain without times and skipped ones", ("-f", "plain", "-T", "--no-skipped")),
    Row("quiet", ("-q", "--no-summary", "--no-snippets")),
    # The warning is in our words, and of the same line.
    Row(
        "told much",
        ("-v", "-f", "progress3", "features/c_layers.feature"),
        known=(
            r"[+-]printed: +features/environment.py:\d+: ContextMaskWarning: .*",
            r"\+printed: .* context.shadowed hides the one that an outer layer has set",
        ),
        # Each process is warned once, in the first hook that it runs.
        by_workers=(
            r"[+-]printed: *(----|CAPTURED STD(OUT|ERR): \w+|printed in \w+)?",
            r"[+-]printed: +context.shadowed = layer",
        ),
    ),
    Row("nothing captured", ("--no-capture", "-f", "plain", "features/a_basket.feature")),
    Row(
        "hooks not captured",
        ("--no-capture-hooks", "-f", "plain"),
        # No worker enters a feature of which nothing runs.
        by_workers=(r"-printed: printed in (before|after)_feature",),
    ),
    Row("no log captured", ("--no-capture-log", "--no-capture-stderr", "-f", "plain")),
    Row(
        "log in another form",
        ("-f", "plain", "--logging-format=%(name)s!%(message)s", "--logging-filter=shop.basket"),
    ),
    # What did not run is to run again, too.
    Row(
        "stopped at the first failure",
        ("--stop", *TO_FILES),
        known=(r"[+-]rerun: # -- RERUN: \d+ failing scenarios .*", r"\+rerun: features/.*:\d+"),
        one_by_one=True,
    ),
    Row("being worked on", ("--wip",)),
    Row("by tags", ("-f", "plain", "-t", "@sums and not @dear", "-t", "@shop or @cheap")),
    Row("by tags of a rule", ("-f", "calls", "-t", "ruled")),
    Row("by tags that none has", ("-f", "progress", "-t", "nobody")),
    Row(
        "by name",
        ("-f", "plain", "-n", "^One", "-n", "melon"),
        # Nor does its hook leave it out.
        by_workers=(r"-printed on stderr: LOG_WARNING:behave: SKIP .* (Closed|Behind .*): .*",),
    ),
    Row("by lines", ("-f", "plain", *(f"features/b_prices.feature:{n}" for n in (12, 18, 30)))),
    Row("by lines of an outline", ("-f", "calls", "features/b_prices.feature:4")),
    Row("by folder", ("-f", "plain", "features/nested")),
    Row("by patterns", ("-f", "progress", "-i", "[abc]_", "-e", "a_basket")),
    Row(
        "a list of places",
        ("-f", "plain", "@places.txt"),
        {"places.txt": "features/nested/h_last.feature\n"},
    ),
    Row(
        "what failed, again",
        ("-f", "rerun", "-o", "again.txt"),
        twice=("-f", "calls", "@again.txt"),
    ),
    Row("another stage", ("-f", "plain", "--stage", "alt", "features/nested")),
    Row("user data", ("-f", "plain", "-D", "currency=beads", "features/c_layers.feature")),
    Row("a scenario's hook fails", raising("before_scenario", "One apple")),
    Row("a scenario's last hook fails", raising("after_scenario", "One apple")),
    # behave says that a step's hook failed, but not why.
    Row(
        "a step's hook fails",
        raising("before_step", "1 apple is eaten"),
        known=(r"\+printed: HOOK-ERROR: RuntimeError: trouble in before_step",),
    ),
    Row("a tag's hook fails", raising("before_tag", "fixture.market")),
    Row("a rule's hook fails", raising("before_rule", "Fruit is eaten")),
    Row("a feature's hook fails", raising("before_feature", "Prices")),
    Row("a feature's last hook fails", raising("after_feature", "Prices")),
    Row(
        "the first hook fails",
        ("-f", "plain", "-D", "raise_in=before_all"),
        # Each worker says so.
        by_workers=(r"\+printed on stderr: ABORTED: HOOK-ERROR in hook=before_all",),
    ),
    # Once a run is being ended, nothing begins any more.
    Row(
        "ended by a step",
        ("-f", "plain", "features/closing.feature", "features/nested"),
        {"features/closing.feature": CLOSING},
        known=(
            r"-hooks: (Closing / - / Too late|(Empty|Last) / - / -) \| .*",
            r"-printed on stderr: LOG_WARNING:shop: a scenario is over",
        ),
        one_by_one=True,
    ),
    Row("a file that is no feature", ("-f", "plain"), {"features/i_odd.feature": "Fature: Odd\n"}),
    Row("a file that is not there", ("features/none.feature",)),
    Row(
        "steps that cannot be loaded",
        ("-f", "plain"),
        BROKEN_STEPS,
        known=(
            r"\+printed on stderr:   File \".*/truestep/runner/runner.py\", line \d+, in run",
            r"\+printed on stderr:     failed = bool\(super\(\).run\(\)\)",
            r"\+printed on stderr:  +\^+",
        ),
    ),
]


@dataclass(frozen=True)
class Seen:
    """What can be seen of a run, line by line: its end, what it printed, its files; and what the
    hooks of each of its processes wrote down.
    """

    lines: list[str]
    hooks: list[list[str]]

    def told(self, jobs: int) -> list[str]:
        """All lines; those of several workers' hooks place by place, and of their log sorted."""
        if jobs == 1:
            return [*self.lines, *(f"hooks: {line}" for one in self.hooks for line in one)]
        # Two that write at the same moment may end their lines one behind the other.
        logged = [line for line in self.lines if re.match(r"printed on stderr: *\S", line)]
        others = [line for line in self.lines if not line.startswith("printed on stderr")]
        return [*others, *sorted(logged), *(f"hooks: {line}" for line in by_place(self.hooks))]


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Row], Seen]:
    """What behave's own runner makes of a row; it runs once."""
    known: dict[str, Seen] = {}

    def see(row: Row) -> Seen:
        if row.name not in known:
            known[row.name] = seen(row, tmp_path_factory.mktemp("behave"), "-r", BEHAVES)
        return known[row.name]

    return see


@pytest.mark.parametrize(
    ("row", "jobs"),
    [(row, jobs) for row in ROWS for jobs in (1, 2) if jobs == 1 or not row.one_by_one],
    ids=lambda value: getattr(value, "name", f"-j {value}"),
)
def test_runs_are_like_those_of_behaves_own_runner(
    row: Row, jobs: int, serial: Callable[[Row], Seen], tmp_path: Path
) -> None:
    ours = seen(row, tmp_path, "-r", OURS, "-j", str(jobs))
    diff = list(unified_diff(serial(row).told(jobs), ours.told(jobs), n=0))[2:]
    diff = [line for line in diff if not line.startswith("@@")]
    patterns = row.known + row.by_workers * (jobs > 1)
    meant = {known: [line for line in diff if re.fullmatch(known, line)] for known in patterns}
    assert all(meant[known] for known in row.known), f"no longer: {meant}"
    others = [line for line in diff if not any(line in lines for lines in meant.values())]
    if jobs > 1:
        # A worker enters only features and rules of which it runs a scenario.
        others = [line for line in others if not line.startswith(tuple(not_entered(serial(row))))]
    assert not others, "\n".join(others)


def seen(row: Row, folder: Path, *options: str) -> Seen:
    project = Project.of("behaviours", folder)
    for path, text in row.files.items():
        project.write(path, text)
    run = project.behave(*options, *row.options)
    if row.twice:
        again = project.behave(*options, *row.twice)
        run = Run(again.code, run.out + again.out, run.err + again.err)
    parts = {"exit code": str(run.code), "printed": run.out, "printed on stderr": run.err}
    for file in sorted([*project.folder.glob("out/*"), *project.folder.glob("*.txt")]):
        parts[file.name] = file.read_text()
    # A file for each process, in the order of their ends.
    notes = sorted(project.folder.glob("hooks/*"), key=lambda file: file.stat().st_mtime_ns)
    return Seen(
        [f"{part}: {line}" for part, text in parts.items() for line in comparable(text, folder)],
        [file.read_text().splitlines() for file in notes],
    )


def by_place(processes: list[list[str]]) -> list[str]:
    """What hooks wrote down of each scenario, and of each feature and rule around them.

    A scenario runs once, in one process. What is around it runs in each worker that enters it, each
    time alike: that is told once.
    """
    scenarios: dict[str, list[str]] = {}
    around: dict[str, set[tuple[str, ...]]] = {}
    for process in processes:
        own: dict[str, list[str]] = {}
        for line in process:
            own.setdefault(line.partition(" | ")[0], []).append(line)
        for place, lines in own.items():
            if not place.endswith(" / -"):
                scenarios.setdefault(place, []).extend(lines)
            else:
                around.setdefault(place, set()).add(once(lines))
    told = {place: [tuple(lines)] for place, lines in scenarios.items()}
    told |= {place: sorted(ways) for place, ways in around.items()}
    return [line for _, ways in sorted(told.items()) for lines in ways for line in lines]


def not_entered(seen: Seen) -> Iterator[str]:
    """How lines of a diff begin that miss hooks of a place in which no scenario ran."""
    places = {line.partition(" | ")[0] for process in seen.hooks for line in process}
    ran = {place for place in places if not place.endswith(" / -")}
    for place in places - ran:
        inside = place.removesuffix("-").removesuffix("- / ")
        if not any(one.startswith(inside) for one in ran):
            yield f"-hooks: {place} |"


def once(lines: list[str]) -> tuple[str, ...]:
    """The lines, without their repetition when they are the same several times over."""
    lengths = range(1, len(lines) + 1)
    length = next(n for n in lengths if lines == lines[:n] * (len(lines) // n))
    return tuple(lines[:length])


def comparable(text: str, folder: Path) -> list[str]:
    """The lines without what differs from run to run: times, and the place of the project."""
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"\d+\.\d+(e-\d+)?s\b", "N.Ns", text)
    text = re.sub(r'("duration": )[\d.e-]+', r"\1N", text)
    text = re.sub(r"Took \d+min", "Took Nmin", text)
    text = re.sub(r"0x[0-9a-f]+", "0xN", text)
    return [line for line in without_our_summary(text.splitlines()) if "USING RUNNER" not in line]


def without_our_summary(lines: list[str]) -> list[str]:
    """Leaves out what only our runner says at the end: what failed, and where the report is."""
    ends = [at for at, line in enumerate(lines) if line.startswith("Report: reports/")]
    for end in reversed(ends):
        # Above it: `Run again: …`, an empty line, what failed, an empty line.
        begin = end - 3
        while lines[begin].startswith("  "):
            begin -= 1
        lines = lines[:begin] + lines[end + 1 :]
    return lines
