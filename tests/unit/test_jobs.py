"""How many workers run scenarios."""

from __future__ import annotations

import pytest
from behave.configuration import Configuration

from truestep.runner.jobs import job_count, processor_count


@pytest.mark.parametrize(
    ("arguments", "setting", "count"),
    [
        ([], 1, 1),
        ([], 3, 3),
        (["-j", "4"], 3, 4),
        (["-j4"], 3, 4),
        (["--jobs=1"], 3, 1),
        (["-vj1", "--color", "features"], 3, 1),
        (["-j", "0"], 3, processor_count()),
        ([], 0, processor_count()),
    ],
)
def test_the_command_line_beats_the_setting(arguments: list[str], setting: int, count: int) -> None:
    config = Configuration(arguments, load_config=False)
    assert job_count(config, setting, arguments) == count
