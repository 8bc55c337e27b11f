"""`python -m truestep`: what it prints and how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.project import Run

GOLDEN = Path(__file__).parents[1] / "golden/runs"


def truestep(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "truestep", *arguments],
        cwd=folder,
        env=os.environ | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def ini(folder: Path, text: str) -> None:
    (folder / "behave.ini").write_text(text)


def test_doctor_says_what_each_service_would_run_on_and_why(tmp_path: Path) -> None:
    ini(tmp_path, "[truestep]\nbackend = embedded\n")
    run = truestep("doctor", folder=tmp_path)
    assert run.code == 0, run.out + run.err
    lines = dict(line.split(maxsplit=1) for line in run.out.splitlines())
    assert list(lines) == [
        "truestep", "python", "docker", "cache", "postgres", "redis", "kafka",
    ]  # fmt: skip
    assert lines["python"].startswith(".".join(map(str, sys.version_info[:3])))
    for name in ("postgres", "redis", "kafka"):
        assert lines[name] == "embedded: asked for by [truestep] backend in behave.ini"


def test_doctor_reads_the_settings_that_a_run_with_the_same_options_has(tmp_path: Path) -> None:
    ini(tmp_path, "[behave.userdata]\nbackend = embedded\nredis.backend = docker\n")
    run = truestep("doctor", "-D", "redis.backend=embedded", folder=tmp_path)
    assert "postgres   embedded: asked for by -D backend=embedded\n" in run.out
    assert "redis      embedded: asked for by -D redis.backend=embedded\n" in run.out


def test_doctor_looks_at_every_service_and_fails_when_one_cannot_run(tmp_path: Path) -> None:
    ini(tmp_path, "[truestep]\nbackend = embedded\n[service.redis]\nbackend = docker\n")
    nowhere = f"unix://{tmp_path}/no.sock"
    run = truestep("doctor", folder=tmp_path, environment={"DOCKER_HOST": nowhere})
    assert run.code == 1, run.out + run.err
    assert "docker     no Docker engine is installed or running\n" in run.out
    assert (
        "redis      cannot run\n"
        "redis was asked to run in docker: no Docker engine is installed or running\n"
        f"  Looked at: DOCKER_HOST={nowhere}\n"
        "  Try: start Docker, or use -D backend=embedded, which needs none\n"
        "kafka      embedded: asked for by [truestep] backend in behave.ini\n"
    ) in run.out
    assert "Traceback" not in run.out + run.err


def test_doctor_starts_and_leaves_nothing(tmp_path: Path) -> None:
    ini(tmp_path, "[truestep]\nbackend = embedded\n")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    run = truestep("doctor", folder=tmp_path, environment={"TMPDIR": str(temporary)})
    assert run.code == 0, run.out + run.err
    assert list(temporary.iterdir()) == []


def test_bad_setting_is_refused_in_four_parts(tmp_path: Path) -> None:
    ini(tmp_path, "[truestep]\nbackend = dokcer\n")
    run = truestep("doctor", folder=tmp_path)
    assert run.code == 1
    assert run.out == ""
    assert run.err == (
        "the value 'dokcer' of backend is not valid: it is one of auto, docker, embedded, "
        "external; the nearest is 'docker'\n"
        "  Looked at: [truestep] backend in behave.ini\n"
        "  Try: see what it is for: who provides the services\n"
    )


def test_summary_of_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    run = truestep("summary", str(tmp_path), folder=tmp_path)
    assert run.code == 1
    assert run.out == ""
    assert run.err == (
        "a run cannot be read: No such file or directory\n"
        f"  Looked at: {tmp_path / 'messages.ndjson'}\n"
        "  Try: name a folder that behave has made, such as reports/latest: "
        "it has messages.ndjson\n"
    )


def test_summary_of_the_latest_run_is_markdown(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "notes", tmp_path / "reports/latest")
    run = truestep("summary", folder=tmp_path)
    assert run.code == 0, run.err
    assert run.out.startswith("## ✅ All 2 scenarios work as described\n")


def test_report_is_made_again_in_the_run_directory(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "shelf", tmp_path / "run")
    run = truestep("report", "run", folder=tmp_path)
    assert run.code == 0, run.err
    assert run.out == (
        f"4 of 10 scenarios work as described\n  report     {tmp_path / 'run/index.html'}\n"
    )
    assert (tmp_path / "run/index.html").is_file()
    assert list((tmp_path / "run/junit").glob("*.xml"))


def test_several_runs_become_one_report_and_the_exit_code_is_that_of_the_worst(
    tmp_path: Path,
) -> None:
    folders = [str(GOLDEN / "shelf"), str(GOLDEN / "notes")]
    run = truestep("report", "merge", *folders, folder=tmp_path)
    assert run.code == 1, run.err
    assert run.err == ""
    assert run.out == (
        "6 of 12 scenarios work as described\n  report     reports/merged/index.html\n"
    )
    assert (tmp_path / "reports/merged/index.html").is_file()
    run = truestep("report", "merge", folders[1], "--into", "out", folder=tmp_path)
    assert run.code == 0, run.err
    assert list((tmp_path / "out/junit").glob("*.xml"))


def test_what_cannot_be_merged_is_told_and_the_rest_is_reported(tmp_path: Path) -> None:
    run = truestep("report", "merge", str(GOLDEN / "notes"), "gone", folder=tmp_path)
    assert run.code == 1
    assert run.out == (
        "2 scenarios worked, but the run itself had trouble\n"
        "  report     reports/merged/index.html\n"
    )
    assert run.err == (
        "not all of the run is there: a run cannot be read: "
        f"{tmp_path / 'gone' / 'messages.ndjson'}: No such file or directory\n"
        f"  Looked at: {GOLDEN / 'notes'}, gone\n"
        "  Try: run what is missing again, and merge all of it\n"
    )


@pytest.mark.parametrize(
    ("folders", "error"),
    [
        (
            ("a", "b"),
            (
                "one report can be made again at a time: 2 run directories\n"
                "  Looked at: the command line\n"
                "  Try: to make one report of them: python -m truestep report merge FOLDER...\n"
            ),
        ),
        (
            ("merge",),
            (
                "there is nothing to merge: no run directory\n"
                "  Looked at: the command line\n"
                "  Try: name them: python -m truestep report merge shards/*/reports/latest\n"
            ),
        ),
    ],
    ids=["several without merge", "merge without any"],
)
def test_report_refuses_what_it_cannot_do(
    tmp_path: Path, folders: tuple[str, ...], error: str
) -> None:
    run = truestep("report", *folders, folder=tmp_path)
    assert run.code == 1
    assert run.err == error


def test_unknown_command_is_misuse(tmp_path: Path) -> None:
    run = truestep("doktor", folder=tmp_path)
    assert run.code == 2
    assert "invalid choice: 'doktor'" in run.err


def test_steps_are_listed_with_all_their_sentences_and_their_meaning(tmp_path: Path) -> None:
    run = truestep("steps", folder=tmp_path)
    assert run.code == 0, run.err
    assert run.out.startswith("# The ready-made steps\n")
    for module in ("clock", "kafka", "postgres", "redis"):
        assert f"\n## truestep.steps.{module}\n" in run.out
    assert (
        '- `Then the table "{table}" has {count} row`  \n'
        '  `Then the table "{table}" has {count} rows`  \n'
        "  Waits until the table has that many rows.\n"
    ) in run.out


def test_settings_are_listed_with_default_and_meaning(tmp_path: Path) -> None:
    run = truestep("settings", folder=tmp_path)
    assert run.code == 0, run.err
    assert "\n## Redis: `[service.redis]`\n" in run.out
    assert "| `image` | `redis:7-alpine` | the Docker image |\n" in run.out
