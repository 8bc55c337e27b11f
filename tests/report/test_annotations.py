"""What GitHub shows beside the lines of a change."""

from __future__ import annotations

from pathlib import Path

from tests.report.build import RunBuilder, Went
from truestep.redaction import register_secret
from truestep.report.annotations import error_commands
from truestep.report.reading import read_run


def test_each_failure_points_to_the_step_that_failed(tea: Path) -> None:
    assert error_commands(read_run(tea))[:2] == [
        (
            "::error file=features/shop/tea.feature,line=25,title=Ten cups::"
            "Expected: 'tea'%0A     but: was 'milk'"
        ),
        "::error file=features/shop/tea.feature,line=32,title=20 cups in 5 minutes::ValueError",
    ]


def test_no_text_ends_its_command_or_starts_another(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a,b.feature", "Feature: F\n  Scenario: 100%, file=x::y\n    * x\n")
    builder.run(lambda _: Went(at=0, message="50 %\r\n::set-output name=x::y"))
    assert error_commands(read_run(builder.finish(success=False))) == [
        (
            "::error file=a%2Cb.feature,line=3,title=100%25%2C file=x%3A%3Ay::"
            "50 %25%0D%0A::set-output name=x::y"
        )
    ]


def test_secrets_are_hidden(tmp_path: Path) -> None:
    secret = register_secret("hunter2,of:annotations")
    builder = RunBuilder(tmp_path / "run")
    builder.feature("a.feature", f"Feature: F\n  Scenario: S {secret}\n    * x\n")
    builder.run(lambda _: Went(at=0, message=f"was {secret}"))
    assert error_commands(read_run(builder.finish(success=False))) == [
        "::error file=a.feature,line=3,title=S ***::was ***"
    ]


def test_github_takes_ten_and_gets_the_trouble_of_the_run_first(tmp_path: Path) -> None:
    builder = RunBuilder(tmp_path / "run")
    scenarios = "".join(f"  Scenario: S{number}\n    * x\n" for number in range(12))
    builder.feature("a.feature", f"Feature: F\n{scenarios}")
    builder.run_hook("spilled")
    builder.run(lambda _: Went(at=0))
    commands = error_commands(read_run(builder.finish(success=False)))
    assert len(commands) == 10
    assert commands[0] == "::error title=before_all::spilled"
