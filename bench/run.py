"""Measures what Truestep promises to reach: `make bench`, or `python bench/run.py --help`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

import isolation
import machine
import overhead
import parallel
import start
import start_all
import suite
import whole
from measure import Bench, measure
from rows import report, table

# What pip has installed is compiled. Where Python may not keep what it compiles, this source tree
# would be compiled anew in each run; and each print, on either side, would be a call of the system.
_NOT_OF_A_USER = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
_REPORTS = Path(__file__).resolve().parents[1] / "reports"
_BENCHES: dict[str, Bench] = {
    bench.question.id: bench
    for module in (start, start_all, whole, isolation, suite, overhead, parallel)
    for bench in module.BENCHES
}


def main(arguments: list[str]) -> None:
    """Measures the rows asked for, prints the table, writes `reports/bench.json` and its notes."""
    asked = _parser().parse_args(arguments)
    for name in _NOT_OF_A_USER:
        os.environ.pop(name, None)
    # kafka-python logs each try at a broker that is still starting, or at a topic just deleted.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    facts = machine.facts()
    print(", ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    rows, samples = [], {}
    try:
        for name in asked.only or _BENCHES:
            bench = _BENCHES[name]
            skipped = bench.peer_problem()
            if skipped:
                print(f"{name}: {bench.question.peer_name} is skipped: {skipped}", flush=True)
            repeats = asked.repeats or bench.repeats
            print(f"{name}: {repeats} rounds", flush=True)
            row, samples[name] = measure(bench, repeats=repeats, with_peer=not skipped)
            rows.append(row)
    finally:
        start.remove_reaper()
    print(f"\n{table(rows)}")
    _write("bench.json", report(rows))
    _write("bench.samples.json", {"machine": facts, "seconds": samples})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measures what Truestep promises to reach.")
    parser.add_argument(
        "--only",
        action="append",
        choices=_BENCHES,
        metavar="ID",
        help=f"measure this row alone; may be given again: {', '.join(_BENCHES)}",
    )
    parser.add_argument("--repeats", type=_count, help="rounds that count, for every row")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _write(name: str, content: object) -> None:
    _REPORTS.mkdir(exist_ok=True)
    path = _REPORTS / name
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"written: reports/{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
