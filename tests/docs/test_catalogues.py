"""docs/steps.md and docs/settings.md are what the code says; `make docs` writes them anew."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.clone import ROOT


@pytest.mark.parametrize("name", ["steps", "settings"])
def test_catalogue_is_current(name: str) -> None:
    # In a process of its own: the steps of other tests would be listed too.
    printed = subprocess.run(
        [sys.executable, "-m", "truestep", name], capture_output=True, check=True, text=True
    ).stdout
    assert (ROOT / "docs" / f"{name}.md").read_text() == printed, "run: make docs"
