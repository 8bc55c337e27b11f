"""Makes the run directories in runs/ anew, by real runs: python -m tests.golden.record"""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from tests.project import Project

RUNS = {
    "shelf": ("troubles", ()),
    "ended": ("troubles", ("-D", "raise_in=before_all")),
    "notes": ("notes", ("-r", "truestep.runner:Runner")),
    "witnessed": ("witnessed", ()),
}
# What a report makes of the others.
LEFT_OUT = shutil.ignore_patterns("index.html", "history.ndjson")


def main() -> None:
    """Runs each sample project and keeps what it leaves."""
    for name, (sample, options) in RUNS.items():
        kept = Path(__file__).parent / "runs" / name
        with tempfile.TemporaryDirectory() as folder:
            project = Project.of(sample, Path(folder))
            project.behave(*options)
            shutil.rmtree(kept, ignore_errors=True)
            latest = (project.folder / "reports" / "latest").resolve()
            shutil.copytree(latest, kept, ignore=LEFT_OUT)
        kept.chmod(0o755)
        for path in kept.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
            if path.suffix in (".json", ".ndjson"):
                # Of this machine nothing is to be seen.
                path.write_text(path.read_text().replace(platform.release(), "6.1.0"))


if __name__ == "__main__":
    main()
