"""The README is followed word for word: its files are written, its commands run, in its order."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.clone import NO_DOCKER, ROOT, Clone
from tests.docs.conftest import Fresh
from truestep.services import registry
from truestep.settings import GENERAL_KEYS, SERVICE_KEYS, Backend, Key, read_settings
from truestep.tags import read_tags

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\S+)(?: (?P<path>\S+))?\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: a console session, or (a part of) the file that its first line names."""

    language: str
    path: str | None
    text: str

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Each command with the lines that the README shows below it."""
        for session in self.text.split("$ ")[1:]:
            command, *shown = session.splitlines()
            yield command, [line for line in shown if line.strip()]


def blocks() -> list[Block]:
    return [
        Block(found["language"], found["path"], textwrap.dedent(found["text"]))
        for found in BLOCK.finditer(README)
    ]


def comparable(line: str) -> str:
    """The line without what differs between machines and runs: versions, times, spacing."""
    return re.sub(r"\d+(\.\d+)+|(?<=\()\d+(?= tries)", "N", " ".join(line.split()))


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below the heading, without its own headings."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_block_says_what_it_is() -> None:
    for block in blocks():
        assert (block.language == "console") == (block.path is None), block
    assert README.count("```") == 2 * len(blocks())


def test_readme_is_followed_word_for_word(fresh: Fresh) -> None:
    with ExitStack() as undo:
        for block in blocks():
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
    assert done.code == any(line.startswith("ASSERT FAILED") for line in shown), done.text
    printed = [comparable(line) for line in done.text.splitlines()]
    for line in shown:
        assert comparable(line) in printed, f"{command} did not print {line!r}:\n{done.text}"


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


@pytest.mark.parametrize("command", re.findall(r"`(behave [^`]+)`", README))
def test_command_in_the_text_is_one_that_behave_takes(fresh: Fresh, command: str) -> None:
    done = fresh.clone.run(f".venv/bin/{command} --dry-run --format=null")
    assert done.code == 0, done.text


def test_settings_in_the_text_are_valid() -> None:
    options = dict(re.findall(r"-D ([a-z_.]+)=([^\s`]+)", README))
    variables = dict(re.findall(r"(TRUESTEP_[A-Z_]+)=([^\s`]+)", README))
    assert len(options) >= 4
    assert len(variables) >= 2
    read_settings(
        registry.service_keys(),
        folder=ROOT / "docs",
        environment=variables,
        userdata=options,
    )


def test_settings_in_the_table_exist_and_have_that_default() -> None:
    rows = table("Settings")
    assert len(rows) >= 6
    for names, default, _ in rows:
        for name in code(names):
            assert key(name).default in ("".join(code(default)), ""), name


def key(name: str) -> Key:
    service, dot, own = name.rpartition(".")
    return {**SERVICE_KEYS, **registry.service_keys()[service]}[own] if dot else GENERAL_KEYS[name]


def test_images_in_the_table_are_the_defaults() -> None:
    [row] = [row for row in table("Settings") if row[0] == "`redis.image`"]
    images = {keys["image"].default for keys in registry.service_keys().values()}
    assert set(code(row[1] + row[2])) == images


def test_backends_in_the_table_are_all_there_are() -> None:
    assert [code(row[0]) for row in table("Where the servers come from")] == [
        [backend.value] for backend in Backend
    ]


def test_tags_in_the_table_are_known() -> None:
    tags = [tag.removeprefix("@") for row in table("Tags") for tag in code(row[0])]
    services = [tag for tag in tags if "." not in tag]
    assert sorted(services) == sorted(registry.SERVICES)
    for tag in tags:
        read_tags([tag], services=registry.SERVICES, where="README.md")


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https:)([^)]+)\)", README))
def test_linked_file_exists(target: str) -> None:
    assert (ROOT / target).is_file()
