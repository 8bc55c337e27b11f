"""What holds for every page of the docs."""

from __future__ import annotations

import pytest

from tests.clone import ROOT
from tests.docs.page import Page

PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", PAGES)
def test_every_block_says_what_it_is(name: str) -> None:
    page = Page.at(ROOT / name)
    for block in page.blocks():
        assert (block.language == "console") == (block.path is None), block
    assert page.text.count("```") == 2 * len(page.blocks())


@pytest.mark.parametrize("name", PAGES)
def test_what_is_linked_exists(name: str) -> None:
    for target in Page.at(ROOT / name).linked():
        file, _, _ = target.partition("#")
        assert ((ROOT / name).parent / file).exists(), target
