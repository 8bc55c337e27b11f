"""docs/reports.md is followed word for word, in a fresh folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.clone import ROOT, Clone
from tests.docs.page import Page, assert_printed
from truestep.report.outcome import Outcome
from truestep.report.wording import WORDS

PAGE = Page.at(ROOT / "docs" / "reports.md")


def test_page_is_followed_word_for_word(tmp_path: Path) -> None:
    place = Clone(tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = []
    for block in PAGE.blocks():
        if block.path:
            file = tmp_path / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        for command, shown in block.commands():
            commands.append(command)
            done = place.run(command, {"PATH": path})
            assert_printed(done, command, shown)
    assert len(commands) == 6


def test_every_result_is_explained_by_the_word_that_the_page_has_for_it() -> None:
    explained = [word for row in PAGE.table("The page") for word in row[0].split(", ")]
    assert sorted(explained) == sorted(WORDS[outcome].label for outcome in Outcome)


def test_shown_settings_exist() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text()
    for name in ("keep_runs", "reports", "evidence", "hide"):
        assert f"-D {name}=" in PAGE.text
        assert f"| `{name}` |" in settings
