"""docs/applications.md is followed word for word, in a fresh folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

import pytest

from tests.clone import NO_DOCKER, ROOT, Clone
from tests.docs.conftest import Fresh
from tests.docs.page import Block, Page, assert_printed
from truestep.locks import locked

PAGE = Page.at(ROOT / "docs" / "applications.md")
IN_DOCKER = {"As a compose stack", "Against a URL"}
_TAKE_DOWN = "docker compose -f docker-compose.test.yml down --volumes --rmi local"


@dataclass
class Reader:
    """Somebody who follows the page in a folder of their own."""

    place: Clone
    environment: dict[str, str]
    written: set[str] = field(default_factory=set)

    def follow(self, block: Block) -> None:
        """Writes a file, or adds to it what a later block of it says; or runs the commands."""
        if block.path is None:
            for command, shown in block.commands():
                assert_printed(self.place.run(command, self.environment), command, shown)
        else:
            self.write(block.path, block.text)

    def write(self, path: str, text: str) -> None:
        file = self.place.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.read_text() + text if path in self.written else text)
        self.written.add(path)


@pytest.fixture
def reader(fresh: Fresh, tmp_path: Path) -> Reader:
    """The virtual environment has what a user installs, and is active."""
    # Compose names all that it makes by the folder.
    folder = tmp_path / f"shop{token_hex(4)}"
    folder.mkdir()
    programs = fresh.clone.folder / ".venv" / "bin"
    path = fresh.clone.run("echo -n $PATH").text
    # A busy machine starts a stack slowly.
    return Reader(Clone(folder), {"PATH": f"{programs}:{path}", "TRUESTEP_WAIT_SCALE": "3"})


def test_page_is_followed_word_for_word_without_docker(reader: Reader) -> None:
    reader.environment |= NO_DOCKER
    for block in PAGE.blocks():
        if block.section not in IN_DOCKER:
            reader.follow(block)


@pytest.mark.docker
def test_what_the_page_says_of_docker_is_followed_word_for_word(reader: Reader) -> None:
    # The page has fixed ports, as a deployed application does.
    with locked(Path(gettempdir()) / "truestep-docs-applications.lock"):
        try:
            for block in PAGE.blocks():
                if block.path or block.section in IN_DOCKER:
                    reader.follow(block)
        finally:
            reader.place.run(_TAKE_DOWN, reader.environment)
