"""Feature files are parsed as gherkin-official parses them, and all their errors are told."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from gherkin import Parser
from gherkin.ast_builder import AstBuilder
from gherkin.errors import ParserError
from gherkin.stream.id_generator import IdGenerator

from truestep.runner.gherkin_parser import parsed
from truestep.runner.recorder import PROTOCOL

ROOT = Path(__file__).parents[2]
FEATURES = sorted([*ROOT.glob("features/**/*.feature"), *ROOT.glob("tests/samples/**/*.feature")])
BROKEN = "Feature: F\n  Scenario: S\n    * x\n  nonsense\n    more of it\n"


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_is_that_of_the_official_parser(path: Path) -> None:
    text = path.read_text("utf-8")
    try:
        official = Parser(AstBuilder(IdGenerator())).parse(text)
    except ParserError:
        pytest.skip("only behave reads it")
    assert parsed(text, IdGenerator()) == official


def test_each_error_of_a_file_is_told() -> None:
    with pytest.raises(ParserError) as caught:
        parsed(BROKEN, IdGenerator())
    assert [str(caught.value).count(place) for place in ("(4:3)", "(5:5)")] == [1, 1]


def test_protocol_is_that_of_the_package() -> None:
    assert PROTOCOL.split(".")[0] == version("cucumber-messages").split(".")[0]
