"""Shards: one suite on many machines, each scenario on exactly one of them.

Which shard this is comes from the setting, or from what these set in the environment:

- GitLab, `parallel: N`: https://docs.gitlab.com/ci/yaml/#parallel
- CircleCI, `parallelism: N`: https://circleci.com/docs/parallelism-faster-jobs/
- Buildkite, `parallelism: N`:
  https://buildkite.com/docs/pipelines/configure/workflows/controlling-concurrency
- Azure Pipelines, `strategy: parallel: N`:
  https://learn.microsoft.com/azure/devops/pipelines/process/phases
- Semaphore, `parallelism: N`: https://docs.semaphore.io/using-semaphore/jobs#parallelism
- Kubernetes, a Job with `completionMode: Indexed`, which tells its index alone; the manifest gives
  the count as JOB_COMPLETIONS: https://kubernetes.io/docs/concepts/workloads/controllers/job/
- AWS Batch, array jobs: https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
- Google Cloud Run jobs: https://cloud.google.com/run/docs/container-contract#jobs-env-vars
- Bazel, `shard_count = N`: https://bazel.build/reference/test-encyclopedia#initial-conditions

The variables of Bitbucket are left alone: its parallel steps are different ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from truestep.errors import SettingsError, file_trouble
from truestep.runner.timings import Timings

OFF = "off"
AUTO = "auto"

_SETTING = re.compile(r"(\d+)/(\d+)")
_BAZEL_STATUS = "TEST_SHARD_STATUS_FILE"
_ALONE: Mapping[str, Collection[str]] = MappingProxyType({})


@dataclass(frozen=True)
class Shard:
    """One of `total` shards; `index` counts from 1. `found` says where it was written."""

    index: int
    total: int
    found: str = field(default="", compare=False)


@dataclass(frozen=True)
class Source:
    """The variables of one system; its first shard has the index `first`."""

    index: str
    total: str
    first: int


# The first that is there counts.
SOURCES = (
    Source("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    Source("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    Source("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    Source("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),
    Source("SEMAPHORE_JOB_INDEX", "SEMAPHORE_JOB_COUNT", 1),
    Source("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0),
    Source("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
    Source("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
    Source("TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0),
)


def find_shard(setting: str, environment: Mapping[str, str]) -> Shard | None:
    """Returns the shard that this run is; None when all scenarios run here.

    Bazel is told, by touching its status file, that its shards are obeyed.

    Args:
        setting: `2/5`, `auto` (as the environment says) or `off`.
        environment: the process's environment.

    Raises:
        SettingsError: a variable of the environment makes no sense, or Bazel cannot be told.
    """
    written = _SETTING.fullmatch(setting)
    if written:
        return Shard(int(written[1]), int(written[2]), "the setting shard")
    if setting == OFF:
        return None
    for source in SOURCES:
        if source.index in environment and source.total in environment:
            shard = _read(source, environment)
            if shard.total > 1 and _means_shards(source, shard, environment):
                if source.index == "TEST_SHARD_INDEX":
                    _tell_bazel(environment)
                return shard
    return None


def split(
    keys: Iterable[str],
    groups: Mapping[str, Collection[str]],
    timings: Timings,
    total: int,
) -> list[frozenset[str]]:
    """Returns the keys of each shard: each key in exactly one, all about as long.

    The same keys, groups and timings give the same shards, in whatever order they come.

    Args:
        keys: the keys of all scenarios that were selected.
        groups: by key, the names of the groups it belongs to; a group stays in one shard. A whole
            feature is one, and so are the scenarios of one `@serial.NAME`, which would meet on a
            system that is shared otherwise.
        timings: how long scenarios take.
        total: how many shards there are, at least 1.
    """
    bundles = [
        (sum(map(timings.expected_or_typical, bundle)), bundle)
        for bundle in _bundles(sorted(set(keys)), groups)
    ]
    # The longest first, each to the shard that has least so far.
    shards: list[list[str]] = [[] for _ in range(total)]
    loads = [0.0] * total
    for expected_s, bundle in sorted(bundles, key=lambda one: (-one[0], one[1])):
        least = min(range(total), key=lambda index: (loads[index], len(shards[index]), index))
        shards[least] += bundle
        loads[least] += expected_s
    return [frozenset(shard) for shard in shards]


def plan_of(
    keys: Iterable[str],
    timings: Timings,
    total: int,
    groups: Mapping[str, Collection[str]] = _ALONE,
) -> str:
    """Returns a fingerprint, in hex, of how the keys were split.

    Shards of one suite fit together when theirs are equal.
    """
    shards = split(keys, groups, timings, total)
    text = "\n\n".join("\n".join(sorted(shard)) for shard in shards)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(source: Source, environment: Mapping[str, str]) -> Shard:
    index, total = environment[source.index], environment[source.total]
    first = source.first
    if not (index.isdecimal() and total.isdecimal() and first <= int(index) < int(total) + first):
        raise SettingsError(
            "which shard this is cannot be told",
            seen=f"{source.index} is {index!r} and {source.total} is {total!r}, and the first of "
            f"N shards is {first}, the last {'N' if first else 'N - 1'}",
            looked="the environment",
            remedy="mend them; or give -D shard=2/5, or -D shard=off for all scenarios",
        )
    return Shard(int(index) - first + 1, int(total), f"the environment's {source.index}")


def _means_shards(source: Source, shard: Shard, environment: Mapping[str, str]) -> bool:
    """Tells shards from jobs of a matrix, which differ and run all scenarios each."""
    if source.index == "CI_NODE_INDEX":
        # GitLab calls them `specs 2/5`, and those of a matrix `specs: [a, b]`.
        return environment.get("CI_JOB_NAME", "").endswith(f" {shard.index}/{shard.total}")
    if source.index == "SYSTEM_JOBPOSITIONINPHASE":
        return environment.get("SYSTEM_PARALLELEXECUTIONTYPE", "").lower() == "multimachine"
    return True


def _tell_bazel(environment: Mapping[str, str]) -> None:
    path = environment.get(_BAZEL_STATUS)
    if not path:
        return
    try:
        Path(path).touch()
    except OSError as error:
        raise SettingsError(
            "Bazel cannot be told that its shards are obeyed",
            seen=file_trouble(error),
            looked=f"{path}, by the environment's {_BAZEL_STATUS}",
            remedy="give permission there",
        ) from None


def _bundles(keys: Sequence[str], groups: Mapping[str, Collection[str]]) -> Iterable[list[str]]:
    """Puts together the keys that share a group, or are joined by others that do."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for key in keys:
        for group in groups.get(key, ()):
            # A group's name may be like a key.
            one, other = sorted((root(f"key {key}"), root(f"group {group}")))
            parent[other] = one
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(root(f"key {key}"), []).append(key)
    return found.values()
