"""JUnit files, which CI servers read: one for each feature, one for the run itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from truestep.report import wording
from truestep.report.attempt import SHOWN_ATTEMPTS, Attempt
from truestep.report.exhibit_text import evidence_as_text, steps_as_text
from truestep.report.files import write_private
from truestep.report.layout import JUNIT_PREFIX
from truestep.report.outcome import Outcome
from truestep.report.run import Feature, Run, RunProblem, Scenario

_RUN = "run"
# What XML 1.0 has no way to write.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_junit(run: Run, folder: Path) -> None:
    """Replaces the JUnit files in `folder` by those of `run`.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{JUNIT_PREFIX}{_dotted(one.uri)}.xml": _suite(one, run) for one in run.features}
    if run.problems:
        files[f"{JUNIT_PREFIX}{_RUN}.xml"] = _run_suite(run)
    for old in folder.glob(f"{JUNIT_PREFIX}*.xml"):
        if old.name not in files:
            old.unlink()
    for name, suite in files.items():
        ET.indent(suite)
        content = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
        write_private(folder / name, content)


def _suite(feature: Feature, run: Run) -> ET.Element:
    scenarios = list(feature.scenarios)
    suite = _counted_suite(_dotted(feature.uri), [one.outcome for one in scenarios], run)
    suite.set("file", feature.uri)
    suite.set("time", f"{sum(one.took_s for one in scenarios):.3f}")
    first = min((one.started for one in scenarios if one.started), default=None)
    if first:
        suite.set("timestamp", f"{first:%Y-%m-%dT%H:%M:%S}")
    suite.extend(_case(one, feature) for one in scenarios)
    return suite


def _run_suite(run: Run) -> ET.Element:
    """What went wrong outside of every scenario: a case of its own, or nobody would see it."""
    suite = _counted_suite(_RUN, [one.outcome for one in run.problems], run)
    for problem in run.problems:
        case = ET.SubElement(suite, "testcase", name=_clean(problem.where), classname=_RUN)
        case.set("time", "0.000")
        case.append(_run_error(problem))
    return suite


def _counted_suite(name: str, outcomes: list[Outcome], run: Run) -> ET.Element:
    suite = ET.Element("testsuite", name=name, tests=str(len(outcomes)))
    suite.set("failures", str(sum(outcome is Outcome.FAILED for outcome in outcomes)))
    errors = [one for one in outcomes if one.is_failure and one is not Outcome.FAILED]
    suite.set("errors", str(len(errors)))
    left = (Outcome.SKIPPED, Outcome.NOT_RUN)
    suite.set("skipped", str(sum(outcome in left for outcome in outcomes)))
    about = run.about[-1]
    facts = {"truestep.run": about.run_id, "git.commit": about.commit, "git.branch": about.branch}
    _properties(suite, [(name, value) for name, value in facts.items() if value])
    return suite


def _case(scenario: Scenario, feature: Feature) -> ET.Element:
    case = ET.Element("testcase")
    case.set("classname", f"{_dotted(feature.uri)}.{_clean(feature.name)}")
    case.set("name", _clean(_name(scenario)))
    case.set("time", f"{scenario.took_s:.3f}")
    case.set("file", scenario.uri)
    case.set("line", str(scenario.line))
    properties = [("tag", tag.removeprefix("@")) for tag in scenario.tags]
    if scenario.attempts:
        properties.append(("attempts", wording.attempts(scenario)))
    _properties(case, properties)
    words = wording.WORDS[scenario.outcome]
    if scenario.outcome in (Outcome.SKIPPED, Outcome.NOT_RUN):
        ET.SubElement(case, "skipped", message=words.says)
    elif scenario.outcome.is_failure:
        case.append(_failure(scenario, scenario))
        case.extend(_attempt(one, scenario, "rerun") for one in _others(scenario))
        _output(case, scenario)
    elif scenario.outcome is Outcome.FLAKY:
        case.extend(_attempt(one, scenario, "flaky") for one in scenario.failed_attempts)
        _output(case, scenario)
    return case


def _others(scenario: Scenario) -> list[Attempt]:
    """The failed attempts beside the one that the scenario shows."""
    shown = scenario.as_attempt()
    return [one for one in scenario.failed_attempts if one != shown][:SHOWN_ATTEMPTS]


def _attempt(attempt: Attempt, scenario: Scenario, kind: str) -> ET.Element:
    """An attempt that failed, as Surefire writes one: `flakyFailure`, `rerunError`, and so on."""
    failure = _failure(attempt, scenario)
    node = ET.Element(f"{kind}{failure.tag.capitalize()}", failure.attrib)
    ET.SubElement(node, "stackTrace").text = failure.text
    ET.SubElement(node, "system-out").text = _clean(_told(attempt))
    return node


def _name(scenario: Scenario) -> str:
    """Names repeat between rules, as they may in a file; keys do not."""
    return scenario.key.removeprefix(f"{scenario.uri}: ")


def _failure(one: Scenario | Attempt, scenario: Scenario) -> ET.Element:
    reason = wording.reason(one) or wording.WORDS[one.outcome].says
    step = one.failing
    kind = step.problem.type if step and step.problem and step.problem.type else ""
    if one.outcome in (Outcome.INFRASTRUCTURE, Outcome.UNDEFINED, Outcome.PENDING):
        kind = one.outcome.value
    node = ET.Element("failure" if one.outcome is Outcome.FAILED else "error")
    node.set("type", _clean(kind or one.outcome.value))
    node.set("message", _clean(reason.splitlines()[0] if reason else ""))
    lines = [reason, ""]
    if step is not None:
        place = f"{scenario.uri}:{step.line or scenario.line}"
        lines += [f"Failing step: {step.title} ({place})"]
        if step.problem and step.problem.trace:
            lines += ["", step.problem.trace]
    node.text = _clean("\n".join(lines))
    return node


def _output(case: ET.Element, scenario: Scenario) -> None:
    if scenario.outcome is Outcome.FLAKY:
        # For viewers that know no flakyFailure: they show this of a case that has passed.
        text = "\n\n".join(_numbered(scenario))
    else:
        times = f" ({wording.attempts(scenario)})" if scenario.attempts else ""
        text = f"{scenario.name}{times}\n{_told(scenario)}"
    ET.SubElement(case, "system-out").text = _clean(text)


def _numbered(scenario: Scenario) -> Iterator[str]:
    for number, attempt in enumerate(scenario.attempts, start=1):
        words = wording.WORDS[attempt.outcome].label
        head = f"{scenario.name}, attempt {number} of {len(scenario.attempts)}: {words}"
        reason = wording.reason(attempt) if attempt.outcome.is_failure else ""
        yield "\n".join(part for part in (head, _told(attempt), reason) if part)


def _told(one: Scenario | Attempt) -> str:
    """The steps, the evidence, and what was attached, as text."""
    shown = [*one.attachments, *(kept for step in one.steps for kept in step.attachments)]
    texts = [
        f"{kept.name or kept.media_type}:\n{kept.body}"
        for kept in shown
        if kept.media_type.startswith("text/") and kept.body and not kept.is_binary
    ]
    parts = [steps_as_text(one), evidence_as_text(one), *texts]
    return "\n\n".join(part for part in parts if part)


def _run_error(problem: RunProblem) -> ET.Element:
    is_ours = problem.outcome is Outcome.INFRASTRUCTURE
    node = ET.Element("error", type=problem.outcome.value)
    if problem.problem.type and not is_ours:
        node.set("type", _clean(problem.problem.type))
    node.set("message", _clean((problem.problem.message.splitlines() or [""])[0]))
    node.text = _clean(problem.problem.message + "\n\n" + problem.problem.trace)
    return node


def _properties(node: ET.Element, pairs: Iterable[tuple[str, str]]) -> None:
    found = list(pairs)
    if found:
        properties = ET.SubElement(node, "properties")
        for name, value in found:
            ET.SubElement(properties, "property", name=name, value=_clean(value))


def _dotted(uri: str) -> str:
    """A class name as CI tools group by it: `features.accounts.opening`."""
    return _clean(re.sub(r"[/\\]+", ".", uri.removesuffix(".feature")).strip("."))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
