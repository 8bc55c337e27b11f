"""Settings are read and validated once, at the edge, before anything is started.

Where a setting may be written, the later beating the earlier: its default; `behave.ini`, in the
section `[truestep]` or `[service.NAME]`; the environment, as `TRUESTEP_KEY` or
`TRUESTEP_NAME_KEY`; the command line, as `-D key=…` or `-D NAME.key=…`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from truestep.redaction import redact
from truestep.tags import Lifetime

DEFAULT = "the default"

# What an application is told under such a name is not shown, whatever `hide` says.
_SECRET_VARIABLES = ("key", "pass", "pwd", "credential")


class Backend(StrEnum):
    """Who provides a service."""

    AUTO = "auto"
    DOCKER = "docker"
    EMBEDDED = "embedded"
    EXTERNAL = "external"


class Order(StrEnum):
    """In which order scenarios begin."""

    WRITTEN = "written"
    RANDOM = "random"


class Evidence(StrEnum):
    """Which scenarios keep their evidence."""

    FAILED = "failed"
    ALL = "all"


@dataclass(frozen=True)
class Key:
    """One setting: its default as it would be written, how it is read, what it means.

    `parse` raises ValueError, with what would be right, for a value that does not fit.
    """

    default: str
    parse: Callable[[str], Any]
    help: str


@dataclass(frozen=True)
class Origin:
    """Where a value was written, in words for an error."""

    place: str
    text: str


@dataclass(frozen=True)
class Values:
    """The parsed values of one section, and where each was written."""

    values: Mapping[str, Any]
    origins: Mapping[str, Origin]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def also(self, key: str, more: tuple[str, ...]) -> Values:
        """Returns the same with `more` added to the names of `key`."""
        return Values({**self.values, key: (*self.values[key], *more)}, self.origins)

    def origin(self, key: str) -> str:
        """Returns where the value of `key` was written, for an error or the run's header."""
        return self.origins[key].place if key in self.origins else DEFAULT


@dataclass(frozen=True)
class Settings:
    """All settings of a run."""

    general: Values
    services: Mapping[str, Values] = field(default_factory=dict)

    @property
    def lifetime(self) -> Lifetime:
        """How long services live where no tag says otherwise."""
        return cast(Lifetime, self.general["lifetime"])

    @property
    def cache(self) -> Path:
        """The folder that is kept between runs."""
        from platformdirs import user_cache_path

        return cast(Path | None, self.general["cache"]) or user_cache_path("truestep")

    @property
    def wait_scale(self) -> float:
        """What every waiting time is multiplied by."""
        return cast(float, self.general["wait_scale"])

    @property
    def reports(self) -> Path:
        """The folder of all runs' reports."""
        return cast(Path, self.general["reports"])

    @property
    def keep_runs(self) -> int:
        """How many runs' reports are kept."""
        return cast(int, self.general["keep_runs"])

    @property
    def evidence(self) -> Evidence:
        """Which scenarios keep their evidence."""
        return cast(Evidence, self.general["evidence"])

    @property
    def reuse(self) -> bool:
        """Whether services that a run starts are kept for the next ones."""
        return cast(bool, self.general["reuse"])

    @property
    def hide(self) -> frozenset[str]:
        """The names whose values nobody may read, also those of the applications."""
        own = (values.values.get("hide") or () for values in self.services.values())
        return frozenset(self.general["hide"]).union(*own)

    @property
    def jobs(self) -> int:
        """How many workers run scenarios at the same time; 0: one for each processor."""
        return cast(int, self.general["jobs"])

    @property
    def retries(self) -> int:
        """How often a failed scenario runs again."""
        return cast(int, self.general["retries"])

    @property
    def repeat(self) -> int:
        """How often each scenario runs."""
        return cast(int, self.general["repeat"])

    @property
    def order(self) -> Order:
        """In which order scenarios begin."""
        return cast(Order, self.general["order"])

    @property
    def seed(self) -> int | None:
        """What a random order is made from; None: a new one for each run."""
        return cast(int | None, self.general["seed"])

    @property
    def shard(self) -> str:
        """Which part of the scenarios runs here: `2/5`, `auto` or `off`."""
        return cast(str, self.general["shard"])

    @property
    def timeout_s(self) -> float | None:
        """How long a scenario may take where its tags say nothing; None: without limit."""
        return cast(float | None, self.general["timeout_s"])

    @property
    def timings(self) -> Path:
        """The file that keeps how long scenarios took."""
        return cast(Path | None, self.general["timings"]) or self.reports / "timings.json"

    def written(self) -> dict[str, dict[str, str]]:
        """Returns what was written, by section, as it may be shown; `truestep` is the general."""
        sections = {"truestep": self.general, **self.services}
        return {
            name: {key: self._shown(key, origin) for key, origin in sorted(values.origins.items())}
            for name, values in sections.items()
            if values.origins
        }

    def _shown(self, key: str, origin: Origin) -> str:
        names = (*self.hide, *(_SECRET_VARIABLES if key.startswith("env.") else ()))
        is_secret = any(name.lower() in key.lower() for name in names)
        return "***" if is_secret else redact(origin.text)

    def backend(self, service: str) -> tuple[Backend, str]:
        """Returns the backend asked for and where it was written."""
        own = self.services[service]
        source = own if own["backend"] is not None else self.general
        return cast(Backend, source["backend"]), source.origin("backend")
