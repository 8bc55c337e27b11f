"""The README is followed word for word: its files are written, its commands run, in its order."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest

from tests.clone import NO_DOCKER, ROOT, Clone
from tests.docs.conftest import Fresh
from tests.docs.page import Page, assert_printed
from truestep.runner.needs import WHOLE, Needs, needs_of
from truestep.services import registry
from truestep.settings import Backend, Key
from truestep.settings.keys import GENERAL_KEYS, SERVICE_KEYS
from truestep.settings.reading import read_settings
from truestep.tags import Requests, read_tags

README = Page.at(ROOT / "README.md")


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_readme_is_followed_word_for_word(fresh: Fresh) -> None:
    with ExitStack() as undo:
        for block in README.blocks():
            if block.path is None:
                for command, shown in block.commands():
                    follow(fresh, command, shown)
            elif (ROOT / block.path).exists():
                assert block.text in (ROOT / block.path).read_text(), block.path
            else:
                # One of its scenarios fails on purpose; other tests run all features here.
                undo.callback((fresh.clone.folder / block.path).unlink)
                (fresh.clone.folder / block.path).write_text(block.text)


def follow(fresh: Fresh, command: str, shown: list[str]) -> None:
    done = fresh.make_specs if command == "make specs" else fresh.clone.run(command, NO_DOCKER)
    assert_printed(done, command, shown)


def test_make_specs_on_a_fresh_machine_passes_all_of_them(fresh: Fresh) -> None:
    text = fresh.make_specs.text
    # Scenarios that are about containers are skipped on a machine without Docker.
    [passed] = re.findall(r"^(\d+) scenarios passed, 0 failed, \d+ skipped$", text, re.MULTILINE)
    assert int(passed) >= 60
    assert "warning" not in text.lower()


def test_make_test_is_lint_and_pytest(fresh: Fresh) -> None:
    planned = fresh.clone.run("make --dry-run test").text
    for tool in ("ruff format --check", "ruff check", "mypy", "check-jsonschema", "pytest"):
        assert f".venv/bin/{tool}" in planned


def test_make_with_too_old_a_python_says_what_to_do(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    clone = Clone.into(tmp_path_factory.mktemp("old") / "truestep")
    # Only what make and its recipe need is on this PATH, and none of it is Python.
    tools = clone.folder / "tools"
    tools.mkdir()
    for tool in ("sh", "make", "rm"):
        clone.run(f"ln -s $(command -v {tool}) tools/")
    done = clone.run(f"PATH={tools} make specs")
    assert done.code != 0
    assert "  Looked at: python3, then python3.14 to python3.11, on PATH\n" in done.text
    assert "  Try: install a newer Python, or name one: make PYTHON=" in done.text
    assert not (clone.folder / ".venv").exists()


@pytest.mark.parametrize("command", re.findall(r"`(behave [^`]+)`", README.text))
def test_command_in_the_text_is_one_that_behave_takes(fresh: Fresh, command: str) -> None:
    done = fresh.clone.run(f".venv/bin/{command} --dry-run --format=null")
    assert done.code == 0, done.text


def test_settings_in_the_text_are_valid() -> None:
    options = dict(re.findall(r"-D ([a-z_.]+)=([^\s`]+)", README.text))
    variables = dict(re.findall(r"(TRUESTEP_[A-Z_]+)=([^\s`]+)", README.text))
    assert len(options) >= 4
    assert len(variables) >= 2
    read_settings(
        registry.service_keys(),
        folder=ROOT / "docs",
        environment=variables,
        userdata=options,
    )


def test_settings_in_the_table_exist_and_have_that_default() -> None:
    rows = README.table("Settings")
    assert len(rows) >= 6
    for names, default, _ in rows:
        for name in code(names):
            assert key(name).default in ("".join(code(default)), ""), name


def key(name: str) -> Key:
    service, dot, own = name.rpartition(".")
    return {**SERVICE_KEYS, **registry.service_keys()[service]}[own] if dot else GENERAL_KEYS[name]


def test_images_in_the_table_are_the_defaults() -> None:
    [row] = [row for row in README.table("Settings") if row[0] == "`redis.image`"]
    images = {keys["image"].default for keys in registry.service_keys().values()}
    assert set(code(row[1] + row[2])) == images


def test_backends_in_the_table_are_all_there_are() -> None:
    assert [code(row[0]) for row in README.table("Where the servers come from")] == [
        [backend.value] for backend in Backend
    ]


NOTHING = Requests(frozenset(), None, None)


def test_tags_in_the_table_are_known() -> None:
    tags = [tag.removeprefix("@") for row in README.table("Tags") for tag in code(row[0])]
    assert {tag for tag in tags if tag in registry.SERVICES} == {*registry.SERVICES}
    for tag in tags:
        asked = read_tags([tag], services=registry.SERVICES, where="README.md")
        needs = needs_of([tag], "README.md")
        assert asked != NOTHING or needs != Needs() or tag == WHOLE, tag
