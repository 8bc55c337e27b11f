"""What is kept between runs: made once, verified, rebuilt when damaged, shared, listed, cleared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.test_cli import truestep
from truestep.cache import Recipe, find, keep, let_go, make_alone
from truestep.errors import BackendUnavailableError
from truestep.housekeeping import kept

RECIPE = Recipe("kafka", "start cache", "4.4.0", ("-Xmx192m",))

# Another process that has found something in the cache, as a run has.
USES = """\
import sys
from pathlib import Path
from truestep.cache import Recipe, find
assert find(Path(sys.argv[1]), Recipe("kafka", "start cache", "4.4.0", ("-Xmx192m",)))
print("found", flush=True)
sys.stdin.read()
"""


class Maker:
    """Writes two files, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        assert list(folder.iterdir()) == []
        (folder / "file").write_text("content")
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("more")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def make() -> Maker:
    return Maker()


def test_a_thing_is_made_once_and_then_found(cache: Path, make: Maker) -> None:
    assert find(cache, RECIPE) is None
    content = keep(cache, RECIPE, make)
    assert keep(cache, RECIPE, make) == find(cache, RECIPE) == content
    assert make.calls == 1
    assert (content / "sub" / "file").read_text() == "more"
    assert content.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "other",
    [
        Recipe("kafka", "start cache", "4.4.1", ("-Xmx192m",)),
        Recipe("kafka", "start cache", "4.4.0", ("-Xmx1g",)),
        Recipe("kafka", "formatted folder", "4.4.0", ("-Xmx192m",)),
    ],
    ids=["version", "settings", "what"],
)
def test_another_recipe_never_meets_it(cache: Path, make: Maker, other: Recipe) -> None:
    keep(cache, RECIPE, make)
    assert find(cache, other) is None
    assert keep(cache, other, make) != keep(cache, RECIPE, make)


def test_a_recipe_is_another_one_on_another_platform(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = RECIPE.place(cache)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert Recipe("kafka", "start cache", "4.4.0", ("-Xmx192m",)).place(cache) != here


def _cut(content: Path) -> None:
    (content / "file").write_text("conten")


def _change(content: Path) -> None:
    # As long as before, and as old: only its hash tells.
    status = (content / "file").stat()
    (content / "file").write_text("CONTENT")
    os.utime(content / "file", ns=(status.st_atime_ns, status.st_mtime_ns))


def _remove(content: Path) -> None:
    (content / "sub" / "file").unlink()


def _add(content: Path) -> None:
    (content / "sub" / "another").write_text("?")


def _forget(content: Path) -> None:
    (content.parent / "kept.json").write_text("{")
    (content.parent / "stamp").unlink()


@pytest.mark.parametrize("damage", [_cut, _change, _remove, _add, _forget])
def test_what_is_damaged_is_not_found_and_made_again(
    cache: Path, make: Maker, damage: Callable[[Path], None]
) -> None:
    damage(keep(cache, RECIPE, make))
    assert find(cache, RECIPE) is None
    content = keep(cache, RECIPE, make)
    assert make.calls == 2
    assert sorted(path.name for path in content.rglob("*")) == ["file", "file", "sub"]
    assert (content / "file").read_text() == "content"
    assert sorted(path.name for path in (cache / "kafka").glob("*/")) == [content.parent.name]


def test_a_copy_of_the_cache_is_as_good(cache: Path, make: Maker, tmp_path: Path) -> None:
    keep(cache, RECIPE, make)
    copy = tmp_path / "restored"
    subprocess.run(["cp", "-r", cache, copy], check=True)
    assert keep(copy, RECIPE, make) == RECIPE.place(copy) / "content"
    assert make.calls == 1


def test_half_of_a_thing_is_never_seen(cache: Path, make: Maker) -> None:
    def fails(folder: Path) -> None:
        (folder / "file").write_text("content")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        keep(cache, RECIPE, fails)
    assert find(cache, RECIPE) is None
    assert (keep(cache, RECIPE, make) / "sub" / "file").read_text() == "more"


def test_who_resumes_finds_what_an_earlier_try_and_a_damaged_thing_have_left(cache: Path) -> None:
    seen = []

    def act(folder: Path) -> None:
        seen.append(sorted(path.name for path in folder.iterdir()))
        (folder / f"file{len(seen)}").write_text("content")
        if len(seen) == 1:
            raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        keep(cache, RECIPE, act, resumes=True)
    content = keep(cache, RECIPE, act, resumes=True)
    (content / "file1").write_text("damaged")
    keep(cache, RECIPE, act, resumes=True)
    assert seen == [[], ["file1"], ["file1", "file2"]]


def test_many_at_once_make_one(cache: Path, make: Maker) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: keep(cache, RECIPE, make), range(8)))
    assert (len(found), make.calls) == (1, 1)


def test_what_no_run_waits_for_is_not_tried_again_the_same_day(cache: Path, make: Maker) -> None:
    def fails(_: Path) -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        make_alone(cache, RECIPE, fails)
    make_alone(cache, RECIPE, make)
    assert make.calls == 0
    [failed] = kept(cache)
    assert failed.problem == "could not be made: out of memory"


def test_a_cache_that_cannot_be_read_is_refused(tmp_path: Path, make: Maker) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackendUnavailableError) as error:
        keep(tmp_path / "file", RECIPE, make)
    assert str(error.value) == (
        "the start cache of kafka (embedded) cannot be kept: Not a directory\n"
        f"  Looked at: {tmp_path / 'file' / 'kafka'}\n"
        "  Try: check space and permissions there, or name another folder: -D cache=FOLDER"
    )


def test_the_command_lists_what_is_kept_and_what_is_not_whole(cache: Path, make: Maker) -> None:
    keep(cache, RECIPE, make)
    (cache / "postgres" / "data-folder-18.partial").mkdir(parents=True)
    run = truestep("cache", "-D", f"cache={cache}", folder=cache.parent)
    assert (run.code, run.err) == (0, "")
    assert [re.sub(r"new|\d+ seconds? old", "new", line) for line in run.out.splitlines()] == [
        f"{cache}: 2 things, 0.0 MB",
        "  kafka     start cache 4.4.0  0.0 MB  new",
        "  postgres  data-folder-18     0.0 MB  new  was broken off",
    ]


def test_the_command_lists_a_thing_whose_notes_are_damaged_and_clears_it(
    cache: Path, make: Maker
) -> None:
    (keep(cache, RECIPE, make).parent / "kept.json").write_text('{"rec')
    let_go(cache)
    listed = truestep("cache", "-D", f"cache={cache}", folder=cache.parent)
    assert listed.code == 0
    assert re.search(
        r"kafka  start-cache-4\.4\.0-\w+  0\.0 MB  .*is damaged: the next run makes it again",
        listed.out,
    )
    cleared = truestep("cache", "clear", "-D", f"cache={cache}", folder=cache.parent)
    assert (cleared.code, cleared.out) == (0, f"{cache}: removed 1 thing, 0.0 MB\n")


def test_a_cache_that_the_command_cannot_clear_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "in-use.lock").mkdir()
    run = truestep("cache", "clear", "-D", f"cache={tmp_path}", folder=tmp_path)
    assert (run.code, run.out, run.err) == (
        1,
        "",
        (
            "the cache cannot be cleared: Is a directory\n"
            f"  Looked at: {tmp_path / 'in-use.lock'}\n"
            "  Try: check the permissions there\n"
        ),
    )


def test_the_command_clears_what_is_kept_and_nothing_else(cache: Path, make: Maker) -> None:
    keep(cache, RECIPE, make)
    let_go(cache)
    (cache / "mine").mkdir()
    (cache / "mine" / "notes.txt").write_text("not Truestep's")
    run = truestep("cache", "clear", "-D", f"cache={cache}", folder=cache.parent)
    assert (run.code, run.out) == (0, f"{cache}: removed 1 thing, 0.0 MB\n")
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == [
        "in-use.lock",
        "notes.txt",
    ]


def test_the_command_leaves_a_cache_alone_that_is_being_filled_for_the_first_time(
    cache: Path,
) -> None:
    def clears_meanwhile(folder: Path) -> None:
        (folder / "file").write_text("content")
        run = truestep("cache", "clear", "-D", f"cache={cache}", folder=cache.parent)
        assert run.err.startswith("the cache cannot be cleared: a run is using it")

    assert (keep(cache, RECIPE, clears_meanwhile) / "file").exists()


def test_the_command_leaves_a_cache_alone_that_a_run_is_using(cache: Path, make: Maker) -> None:
    content = keep(cache, RECIPE, make)
    user = subprocess.Popen(
        [sys.executable, "-c", USES, cache], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert user.stdout
        assert user.stdout.readline() == b"found\n"
        run = truestep("cache", "clear", "-D", f"cache={cache}", folder=cache.parent)
    finally:
        user.communicate()
    assert run.code == 1
    assert run.err == (
        "the cache cannot be cleared: a run is using it, or services that were kept running\n"
        f"  Looked at: {cache}\n"
        "  Try: wait until the run has ended; python -m truestep down\n"
    )
    assert (content / "file").exists()
