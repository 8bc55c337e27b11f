"""Writes docs/performance.md from what was measured last: `make performance`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rows import Row

_ROOT = Path(__file__).resolve().parents[1]
_PAGE = _ROOT / "docs" / "performance.md"
_MET = {True: "yes", False: "no", None: ""}


def page(rows: Sequence[Row], machine: Mapping[str, object]) -> str:
    """Returns the page that shows these rows, taken on that machine."""
    on = "{cores} cores, {memory_gib} GiB, {kernel}, Python {python}".format_map(machine)
    table = "\n".join(map(_line, rows))
    against = "\n".join(f"- **{row.id}**: {_against(row)}" for row in rows)
    return f"""\
# How fast it is

Measured by `make bench`; this page is written by `make performance`. How each row is measured, in
words that let someone else repeat it, is in [bench/README.md](../bench/README.md).

Taken on: {on}; behave {machine["behave"]}, testcontainers {machine["testcontainers"]}; load before
it: {machine["load_before"]}. All numbers are medians; ours, the peer and the limit took turns.

| row | what | ours | peer | faster | limit | of it | goal | reached |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
{table}

Each is measured against:

{against}
"""


def _line(row: Row) -> str:
    cells = (
        row.id,
        row.what,
        _number(row.ours, row.unit),
        _number(row.peer, row.unit),
        "" if row.faster is None else f"{row.faster:.1f}x",
        _number(row.limit, row.unit),
        "" if row.of_limit is None else f"{row.of_limit:.2f}",
        row.goal or "",
        _MET[row.met],
    )
    return f"| {' | '.join(cells)} |"


def _against(row: Row) -> str:
    names = [
        row.peer_name and f"peer: {row.peer_name}",
        row.limit_name and f"limit: {row.limit_name}",
    ]
    return "; ".join(filter(None, names)) or "nothing"


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.4g} {unit}"


def main() -> None:
    """Writes the page."""
    reports = _ROOT / "reports"
    try:
        rows = json.loads((reports / "bench.json").read_text())
        samples = json.loads((reports / "bench.samples.json").read_text())
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is not there: run make bench first")
    _PAGE.write_text(page([Row(**row) for row in rows], samples["machine"]))
    print(f"written: {_PAGE.relative_to(_ROOT)}")


if __name__ == "__main__":
    main()
