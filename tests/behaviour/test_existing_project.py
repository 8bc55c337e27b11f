"""A project with hooks, steps and settings of its own installs Truestep and keeps them all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clone import Clone, Done
from tests.project import Project

PASSED = "3 scenarios passed, 0 failed, 0 skipped"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new virtual environment in which Truestep is installed, not editable."""
    folder = tmp_path_factory.mktemp("installed")
    # Built from a copy, as pip leaves its build folders beside the sources.
    source = Clone.into(folder / "truestep")
    made = source.run(
        f"{sys.executable} -m venv {folder}/venv && {folder}/venv/bin/python -m pip install -q ."
    )
    assert made.code == 0, made.text
    return folder / "venv" / "bin" / "python"


@pytest.fixture
def existing(tmp_path: Path) -> Project:
    return Project.of("existing", tmp_path)


def behave(project: Project, python: Path, *arguments: str) -> Done:
    return Clone(project.folder).run(" ".join([str(python), "-m behave", *arguments]))


def test_installed_package_is_whole_and_outside_this_repository(
    python: Path, tmp_path: Path
) -> None:
    code = (
        "import truestep, pathlib; here = pathlib.Path(truestep.__file__).parent;"
        "print(here); print(*sorted(str(p.relative_to(here)) for p in here.rglob('*.toml')));"
        "print((here / 'py.typed').exists())"
    )
    done = Clone(tmp_path).run(f'{python} -I -c "{code}"')
    assert done.text.splitlines() == [
        str(next(python.parents[1].glob("lib/python3*/site-packages")) / "truestep"),
        "services/kafka/kafka.lock.toml services/redis/redis.lock.toml",
        "True",
    ]


def test_project_with_hooks_of_its_own_calls_ours_from_them(
    existing: Project, python: Path
) -> None:
    run = behave(existing, python)
    assert run.code == 0, run.text
    assert PASSED in run.text
    assert "truestep: 2 scenarios need kafka, postgres, redis\n" in run.text
    assert [file.name for file in (existing.folder / "out" / "junit").iterdir()] == [
        "TESTS-shop.xml"
    ]


def test_userdata_of_the_project_stays_its_own(existing: Project, python: Path) -> None:
    run = behave(existing, python, "-D currency=USD", "--name=paid")
    assert run.code == 1
    assert "no row with id=1, customer=Ada, total=12.50, currency=EUR" in run.text
    assert "nearest: id=1, customer=Ada, total=12.50, currency=USD (currency differs)" in run.text


def test_project_without_hooks_imports_ours(existing: Project, python: Path) -> None:
    existing.write("features/environment.py", "from truestep.hooks import *\n")
    existing.write(
        "features/notes.feature",
        'Feature: F\n  @redis\n  Scenario: S\n    Given the key "k" holds "v"\n'
        '    Then the key "k" holds "v"\n',
    )
    run = behave(existing, python, "features/notes.feature")
    assert run.code == 0, run.text
    assert "1 scenario passed, 0 failed, 0 skipped" in run.text
