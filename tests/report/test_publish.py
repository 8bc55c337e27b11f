"""Reports are made at the end of a run; what cannot be written is a warning and nothing more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from truestep.errors import TruestepError
from truestep.report.history import History
from truestep.report.html import render
from truestep.report.publish import publish, report
from truestep.report.reading import read_run

GITHUB = {"GITHUB_ACTIONS": "true"}


def test_run_gets_its_page_its_junit_files_and_its_place_in_history(tea: Path) -> None:
    made = publish(tea, environment={})
    assert made.warnings == ()
    assert made.commands == ()
    assert "<h1>6 of 13 scenarios work as described; 1 was not reached</h1>" in (
        tea / "index.html"
    ).read_text("utf-8")
    assert sorted(path.name for path in (tea.parent / "junit").iterdir()) == [
        "TESTS-features.milk.xml",
        "TESTS-features.shop.tea.xml",
    ]
    history = (tea.parent / "history.ndjson").read_text()
    assert history.count("\n") == 1
    # The directory alone is enough to make the report again.
    assert (tea / "history.ndjson").read_text() == history


def test_page_is_made_again_from_the_directory_alone(tea: Path, tmp_path: Path) -> None:
    publish(tea, environment={})
    page = (tea / "index.html").read_text()
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tea, elsewhere)
    shutil.rmtree(tea.parent)
    (elsewhere / "index.html").unlink()
    report(elsewhere, elsewhere)
    assert (elsewhere / "index.html").read_text() == page


def test_reports_are_for_their_user_alone(tea: Path) -> None:
    publish(tea, environment={})
    for path in (tea / "index.html", *(tea.parent / "junit").iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_github_gets_a_summary_and_annotations(tea: Path, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    made = publish(tea, environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(page)})
    assert page.read_text("utf-8").startswith("before\n## ❌ 6 of 13 scenarios work")
    assert len(made.commands) == 6
    assert all(command.startswith("::error ") for command in made.commands)


def test_summary_is_left_alone_outside_of_github(tea: Path, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    assert publish(tea, environment={"GITHUB_STEP_SUMMARY": str(page)}).commands == ()
    assert not page.exists()


def test_what_cannot_be_written_is_a_warning_and_the_rest_is_written(
    tea: Path, tmp_path: Path
) -> None:
    (tea.parent / "junit").write_text("in the way")
    nowhere = tmp_path / "no" / "summary.md"
    made = publish(tea, environment=GITHUB | {"GITHUB_STEP_SUMMARY": str(nowhere)})
    assert made.warnings == (
        (
            "truestep: WARNING: the JUnit files could not be written, and the run's result does "
            "not change: File exists\n"
            f"  Looked at: {tea.parent / 'junit'}\n"
            "  Try: make room or give permission there, then: python -m truestep report"
        ),
        (
            "truestep: WARNING: the job's summary could not be written, and the run's result does "
            "not change: No such file or directory\n"
            f"  Looked at: {nowhere}\n"
            "  Try: make room or give permission there, then: python -m truestep report"
        ),
    )
    assert (tea / "index.html").is_file()


def test_record_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    [warning] = publish(tmp_path, environment={}).warnings
    assert warning.startswith("truestep: WARNING: no report was made, and the run's result")


def test_report_that_cannot_be_written_is_an_error_of_its_command(
    tea: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TruestepError) as caught:
        report(tea, tmp_path / "file")
    assert str(caught.value) == (
        "the report could not be written: File exists\n"
        f"  Looked at: {tmp_path / 'file'}\n"
        "  Try: make room, or name another folder with --into"
    )


@pytest.mark.parametrize("length", [0, 5, 40, 200])
def test_compiled_templates_that_were_cut_short_are_made_again(
    tea: Path, tmp_path: Path, length: int
) -> None:
    run = read_run(tea)
    page = render(run, History())
    cache = tmp_path / "cache"
    assert render(run, History(), cache=cache) == page
    kept = sorted((cache / "page").iterdir())
    whole = [path.read_bytes() for path in kept]
    for path in kept:
        path.write_bytes(path.read_bytes()[:length])
    assert render(run, History(), cache=cache) == page
    assert [path.read_bytes() for path in kept] == whole


def test_page_is_made_where_nothing_can_be_kept(tea: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    run = read_run(tea)
    assert render(run, History(), cache=tmp_path / "cache") == render(run, History())
