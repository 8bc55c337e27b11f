"""How many workers run scenarios: what was asked for, and how many processors there are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from behave.configuration import setup_parser

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def job_count(config: Any, setting: int, arguments: Sequence[str]) -> int:
    """Returns how many workers there are, at least 1.

    behave refuses `-j auto`, and takes `-j 0`, which means the same here.

    Args:
        config: behave's configuration, with `-j N` or `jobs` of the section `[behave]`.
        setting: that of Truestep; 0 for one worker for each processor.
        arguments: behave's command line. Only it tells `-j 1`, which beats the setting, from
            nothing said.
    """
    asked = config.jobs
    if asked == 1 and setting != 1 and not _says_jobs(config, arguments):
        asked = setting
    return int(asked) or processor_count()


def processor_count() -> int:
    """Returns how many processors this process may use; a container's limit counts, too."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        # No such limit: none of its files, or the word "max" in it.
        pass
    return count


def _says_jobs(config: Any, arguments: Sequence[str]) -> bool:
    parser = setup_parser()
    parser.set_defaults(jobs=None)
    return parser.parse_args(config.make_command_args(list(arguments))).jobs is not None
