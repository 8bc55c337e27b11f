"""Small drawings: the bar of results, the trend of runs, the strip of a scenario's last runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from markupsafe import Markup

from truestep.report.history import PastRun, Story
from truestep.report.outcome import Outcome
from truestep.report.wording import WORDS, moment

_TREND_RUNS, _TREND_HEIGHT, _BAR_WIDTH, _BAR_STEP = 24, 44, 6, 9
_STRIP_RUNS, _STRIP_STEP, _STRIP_HEIGHT = 10, 5, 14
_ORDER = (
    Outcome.PASSED,
    Outcome.FLAKY,
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.INFRASTRUCTURE,
    Outcome.UNDEFINED,
    Outcome.PENDING,
    Outcome.NOT_RUN,
)


def bar(counts: dict[Outcome, int]) -> Markup:
    """Returns a horizontal bar, a part for each outcome; nothing when nothing ran."""
    parts, at = [], 0.0
    for outcome, width in _parts(counts, whole=1000.0, least=9.0):
        parts.append(_rect(at, 0, width, 10, outcome))
        at += width
    if not parts:
        return Markup("")
    return Markup(
        '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(_spoken(counts), Markup("").join(parts))


def trend(runs: Sequence[PastRun]) -> Markup:
    """Returns the last runs as columns, works below and the rest above; for two runs and more."""
    shown = runs[-_TREND_RUNS:]
    if len(shown) < 2:  # noqa: PLR2004  # one run is no trend
        return Markup("")
    most = max(len(run.results) for run in shown) or 1
    columns = [_column(run, index, most) for index, run in enumerate(shown)]
    red = sum(run.count(*_ORDER[1:]) > 0 for run in shown)
    words = f"The last {len(shown)} runs; " + (
        f"not everything worked in {red}" if red else "everything worked in each"
    )
    width = len(shown) * _BAR_STEP - (_BAR_STEP - _BAR_WIDTH)
    return Markup(
        '<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{words}">'
        "{columns}</svg>{caption}"
    ).format(
        w=width,
        h=_TREND_HEIGHT,
        words=words,
        columns=Markup("").join(columns),
        caption=f"last {len(shown)} runs",
    )


def strip(story: Story) -> Markup:
    """Returns a scenario's last runs as a row of ticks: tall where it did not work."""
    return _strip(story.outcomes[-_STRIP_RUNS:])


# Most scenarios have the same to show, and there are many of them.
@cache
def _strip(shown: tuple[Outcome, ...]) -> Markup:
    bad = sum(outcome.is_told_first for outcome in shown)
    words = f"Last {len(shown)} runs: " + (f"{bad} did not work" if bad else "worked each time")
    ticks = []
    for index, outcome in enumerate(shown):
        height = _STRIP_HEIGHT if outcome.is_told_first else _STRIP_HEIGHT // 2
        ticks.append(_rect(index * _STRIP_STEP, _STRIP_HEIGHT - height, 3, height, outcome))
    return Markup(
        '<svg class="strip" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
        'aria-label="{words}"><title>{words}</title>{ticks}</svg>'
    ).format(
        w=len(shown) * _STRIP_STEP - 2,
        h=_STRIP_HEIGHT,
        words=words,
        ticks=Markup("").join(ticks),
    )


def _column(run: PastRun, index: int, most: int) -> Markup:
    parts, bottom = [], float(_TREND_HEIGHT)
    counts = {outcome: run.count(outcome) for outcome in _ORDER}
    whole = max(3.0, len(run.results) / most * _TREND_HEIGHT)
    for outcome, height in _parts(counts, whole=whole, least=3.0):
        bottom -= height
        parts.append(_rect(index * _BAR_STEP, bottom, _BAR_WIDTH, height, outcome))
    label = ", ".join(
        part for part in (moment(run.started), _spoken(counts), run.commit[:8]) if part
    )
    return Markup("<g><title>{}</title>{}</g>").format(label, Markup("").join(parts))


def _parts(
    counts: dict[Outcome, int], *, whole: float, least: float
) -> list[tuple[Outcome, float]]:
    """How much of `whole` each outcome takes; what failed is seen, however little it is."""
    total = sum(counts[outcome] for outcome in _ORDER)
    if not total:
        return []
    sizes = {
        outcome: max(least, counts[outcome] / total * whole)
        for outcome in _ORDER
        if counts[outcome]
    }
    # What is too much is taken from the largest.
    largest = max(sizes, key=sizes.__getitem__)
    sizes[largest] = max(0.0, sizes[largest] - (sum(sizes.values()) - whole))
    return list(sizes.items())


def _rect(x: float, y: float, width: float, height: float, outcome: Outcome) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="is-{}"/>').format(
        _number(x), _number(y), _number(width), _number(height), outcome.replace(" ", "-")
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _spoken(counts: dict[Outcome, int]) -> str:
    return ", ".join(
        f"{counts[outcome]} {WORDS[outcome].label}" for outcome in _ORDER if counts.get(outcome)
    )
