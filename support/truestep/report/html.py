"""The living documentation: one page that needs nothing but itself and a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections.abc import Callable, Iterable
from functools import cache as cached
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from truestep.report import wording
from truestep.report.attempt import Attachment, Attempt, Step
from truestep.report.compiled import CompiledTemplates
from truestep.report.figures import bar, strip, trend
from truestep.report.history import History
from truestep.report.outcome import Outcome, worst
from truestep.report.page import page
from truestep.report.run import Outline, Run, Scenario
from truestep.report.timeline import exhibits, timeline
from truestep.report.values import marked_slots, marked_values

_TEMPLATES = Path(__file__).with_name("templates")
# Evidence beyond this is not in the page itself; the page links to the files then.
_EVIDENCE_IN_PAGE_CHARACTERS = 24_000_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def render(
    run: Run, history: History, *, title: str = "Living documentation", cache: Path | None = None
) -> str:
    """Returns the page. All that comes from outside is escaped, and no script in it could run.

    Args:
        run: what it shows.
        history: the runs before it, and the run itself.
        title: what it is called.
        cache: the folder that is kept between runs; without one each page takes longer.
    """
    css, js = _asset("report.css"), _asset("report.js")
    services = tuple(use.name for use in run.services)
    template = _environment(services, cache).get_template("page.html")
    return template.render(
        page(run, history, title)
        | {
            "css": Markup(css),  # noqa: S704  # our own files
            "js": Markup(js),  # noqa: S704
            "policy": _policy(css, js),
            "trend": trend(history.runs),
            "bar": bar(run.count()),
        }
    )


def _policy(css: str, js: str) -> str:
    """Only this style and this script; no address is ever asked for anything."""
    return (
        f"default-src 'none'; script-src '{_hash(js)}'; style-src '{_hash(css)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cached
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


class _Environment(Environment):
    """Looks attributes up in objects alone, fifty for each scenario: dicts have items."""

    getattr = staticmethod(getattr)  # type: ignore[assignment]  # as templates call it


def _environment(services: tuple[str, ...], cache: Path | None) -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        bytecode_cache=CompiledTemplates(cache / "page") if cache else None,
    )
    environment.filters |= _filters(services)
    environment.tests["outline"] = lambda item: isinstance(item, Outline)
    return environment


def _filters(services: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    by_tag = {f"@{name}": name for name in services}
    spent = 0

    def evidence(scenario: Scenario | Attempt) -> Markup | None:
        nonlocal spent
        data = _evidence(scenario)
        if data is None or spent + len(data) > _EVIDENCE_IN_PAGE_CHARACTERS:
            return None
        spent += len(data)
        return data

    return {
        "attempts": wording.attempts,
        "css": lambda outcome: outcome.replace(" ", "-"),
        "duration": wording.duration,
        "evidence": evidence,
        "image": _image,
        "markdown": lambda text: Markup(_markdown().render(text)),  # noqa: S704  # raw HTML is off
        "moment": wording.moment,
        "place": lambda outline: f"{next(iter(outline.scenarios)).uri}:{outline.line}",
        "quoted": shlex.quote,
        "reason": wording.reason,
        "services": lambda one: " ".join(by_tag[tag] for tag in one.tags if tag in by_tag),
        "slots": marked_slots,
        "strip": strip,
        "tables": _tables,
        "tally": _tally,
        "unsteady": wording.unsteady,
        "values": _values,
        "words": lambda outcome, what: getattr(wording.WORDS[outcome], what),
        "worst": lambda scenarios: worst(one.outcome for one in scenarios),
    }


@cached
def _markdown() -> Any:
    # Late: not every project describes its features.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _values(step: Step) -> Markup:
    # Only an outline's own steps have places to fill in; they were never run.
    if step.outcome is Outcome.NOT_RUN and not step.values and "<" in step.text:
        return marked_slots(step.text)
    return marked_values(step.text, step.values)


def _image(attachment: Attachment) -> str:
    if attachment.media_type in _PICTURES and attachment.is_binary and attachment.body:
        return f"data:{attachment.media_type};base64,{attachment.body}"
    return ""


def _tables(outline: Outline) -> list[SimpleNamespace]:
    """The examples as tables: one, but for those that have other columns."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for examples in outline.examples:
        groups.setdefault(examples.header, []).append(examples)
    return [SimpleNamespace(header=header, parts=parts) for header, parts in groups.items()]


def _tally(scenarios: Iterable[Scenario]) -> SimpleNamespace:
    """How the scenarios of a feature went, in words."""
    outcomes = [scenario.outcome for scenario in scenarios]
    failed = sum(outcome.is_failure for outcome in outcomes)
    flaky = outcomes.count(Outcome.FLAKY)
    passed = outcomes.count(Outcome.PASSED)
    ran = len(outcomes) - outcomes.count(Outcome.SKIPPED)
    if not ran:
        text = "left out of this run"
    elif passed == ran:
        text = "works as described" if ran == 1 else f"all {ran} scenarios work"
    else:
        text = f"{passed} of {wording.scenarios(ran)} work"
        text += f", {flaky} flaky" if flaky else ""
    # What works and what was left out is green; only what is all left out is not.
    return SimpleNamespace(worst=worst(iter(outcomes)), failed=failed, text=text)


def _evidence(scenario: Scenario | Attempt) -> Markup | None:
    """What the page's script draws: data in a script element that is never run."""
    moments, shown = timeline(scenario), exhibits(scenario)
    if not moments and not shown:
        return None
    data = {
        "timeline": [
            {
                "at": one.at_ms,
                "late": one.after_end_ms,
                "kind": one.kind,
                "title": one.title,
                "detail": one.detail,
            }
            for one in moments
        ],
        "exhibits": [{"title": one.title, "table": one.table, "text": one.text} for one in shown],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # it cannot end its element: no < is left
