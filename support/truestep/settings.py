"""Settings are read and validated once, at the edge, before anything is started.

Where a setting may be written, the later beating the earlier: its default; `behave.ini`, in the
section `[truestep]` or `[service.NAME]`; the environment, as `TRUESTEP_KEY` or
`TRUESTEP_NAME_KEY`; the command line, as `-D key=…` or `-D NAME.key=…`.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from truestep.errors import SettingsError, nearest
from truestep.redaction import redact
from truestep.tags import Lifetime

# behave reads its configuration from the same files, nearest first.
CONFIG_FILES = ("behave.ini", ".behaverc", "setup.cfg", "tox.ini")
DEFAULT = "the default"

# A section with one of these describes an application under test.
APPLICATION_MARKS = ("command", "compose", "url")

# A key given with -D belongs to the user's own steps unless it is this much like one of ours.
_LOOKS_LIKE_OURS = 0.75

_MOST_JOBS = 1000


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
        is_secret = any(name.lower() in key.lower() for name in self.hide)
        return "***" if is_secret else redact(origin.text)

    def backend(self, service: str) -> tuple[Backend, str]:
        """Returns the backend asked for and where it was written."""
        own = self.services[service]
        source = own if own["backend"] is not None else self.general
        return cast(Backend, source["backend"]), source.origin("backend")


def read_settings(
    known: Mapping[str, Mapping[str, Key]],
    *,
    application: Mapping[str, Key] = MappingProxyType({}),
    folder: Path,
    environment: Mapping[str, str],
    userdata: Mapping[str, str],
) -> Settings:
    """Reads and checks every setting.

    Args:
        known: registered service name -> its own keys (`SERVICE_KEYS` are added to each).
        application: the keys of an application under test. A section `[service.NAME]` whose
            NAME is not registered describes one when it has one of `APPLICATION_MARKS`.
            Empty: there are none.
        folder: where the configuration files are, usually the current folder.
        environment: the process's environment.
        userdata: behave's `-D` values.

    Raises:
        SettingsError: an unknown section, key or value, naming the nearest valid one.
    """
    lines = list(_lines(folder))
    own = dict(known)
    if application:
        own |= dict.fromkeys(_applications(lines, known), application)
    keys = {"": GENERAL_KEYS} | {name: {**SERVICE_KEYS, **more} for name, more in own.items()}
    written: dict[str, dict[str, Origin]] = {section: {} for section in keys}
    for line in lines:
        if line.section not in keys:
            _refuse_service(line.section, keys, f"the section {line.heading}")
        _note(line.section, line.key, line.origin, keys, written)
    _read_environment(environment, keys, written)
    _read_userdata(userdata, keys, written)
    parsed = {section: _parse(section, keys[section], written[section]) for section in keys}
    general = parsed.pop("")
    _refuse_contradictions(general)
    hidden = general["hide"]
    services = {
        name: values.also("hide", hidden) if "hide" in values.values else values
        for name, values in parsed.items()
    }
    return Settings(general, services)


Keys = Mapping[str, Mapping[str, Key]]
Written = dict[str, dict[str, Origin]]


@dataclass(frozen=True)
class _Line:
    """One setting as it stands in a configuration file."""

    heading: str
    section: str
    key: str
    origin: Origin


def _lines(folder: Path) -> Iterator[_Line]:
    for name in reversed(CONFIG_FILES):
        path = folder / name
        if not path.is_file():
            continue
        parser = configparser.ConfigParser(interpolation=None)
        # Names of variables, in `env.NAME`, keep their case.
        parser.optionxform = str  # type: ignore[method-assign,assignment]
        try:
            parser.read(path, encoding="utf-8")
        except configparser.Error as error:
            raise SettingsError(
                f"{name} cannot be read",
                seen=str(error).replace("\n", " "),
                looked=str(path),
                remedy="mend that line",
            ) from None
        for section in parser.sections():
            if section != "truestep" and not section.startswith("service."):
                continue
            ours = section.removeprefix("truestep").removeprefix("service.")
            for key, text in parser.items(section):
                origin = Origin(f"[{section}] {key} in {name}", text)
                yield _Line(f"[{section}] of {name}", ours, key, origin)


def _applications(lines: list[_Line], known: Mapping[str, Mapping[str, Key]]) -> list[str]:
    marked = {line.section for line in lines if line.key in APPLICATION_MARKS}
    return sorted(
        name
        for name in marked - known.keys()
        if name and not nearest(name, known, cutoff=_LOOKS_LIKE_OURS)
    )


def _read_environment(environment: Mapping[str, str], keys: Keys, written: Written) -> None:
    for variable, text in sorted(environment.items()):
        if not variable.startswith("TRUESTEP_"):
            continue
        name = variable.removeprefix("TRUESTEP_").lower()
        service, _, key = name.partition("_")
        section, key = (service, key) if service in keys and key else ("", name)
        _note(section, key, Origin(f"the environment's {variable}", text), keys, written)


def _read_userdata(userdata: Mapping[str, str], keys: Keys, written: Written) -> None:
    for name, value in userdata.items():
        origin = Origin(f"-D {name}={value}", str(value))
        service, dot, key = name.partition(".")
        if not dot:
            if name in keys[""] or nearest(name, keys[""], cutoff=_LOOKS_LIKE_OURS):
                _note("", name, origin, keys, written)
        elif service in keys:
            _note(service, key, origin, keys, written)
        elif nearest(service, _services(keys), cutoff=_LOOKS_LIKE_OURS):
            _refuse_service(service, keys, origin.place)


def _note(section: str, key: str, origin: Origin, keys: Keys, written: Written) -> None:
    if _key(keys[section], key) is None:
        owner = section or "truestep"
        raise SettingsError(
            f"the setting {key!r} of {owner} is unknown",
            seen=f"the nearest valid one is {nearest(key, keys[section])!r}",
            looked=origin.place,
            remedy=f"use one of {', '.join(sorted(keys[section]))}",
        )
    written[section][key] = origin


def _key(keys: Mapping[str, Key], name: str) -> Key | None:
    """Returns the key `name`; `env.*` among the keys stands for all that start with `env.`."""
    family, dot, _ = name.partition(".")
    return keys.get(f"{family}.*") if dot else keys.get(name)


def _refuse_service(name: str, keys: Keys, place: str) -> None:
    raise SettingsError(
        f"the service {name!r} is unknown",
        seen=f"the nearest valid one is {nearest(name, _services(keys))!r}",
        looked=place,
        remedy=f"use one of {', '.join(_services(keys))}",
    )


def _services(keys: Keys) -> list[str]:
    return sorted(name for name in keys if name)


def _parse(section: str, keys: Mapping[str, Key], written: Mapping[str, Origin]) -> Values:
    values = {}
    names = [name for name in keys if not name.endswith(".*")]
    for name in dict.fromkeys([*names, *written]):
        key = _key(keys, name)
        if key is None:
            continue
        origin = written.get(name, Origin(DEFAULT, key.default))
        try:
            values[name] = key.parse(origin.text.strip())
        except ValueError as error:
            full = f"{section}.{name}" if section else name
            raise SettingsError(
                f"the value {origin.text.strip()!r} of {full} is not valid",
                seen=str(error),
                looked=origin.place,
                remedy=f"see what it is for: {key.help}",
            ) from None
    return Values(values, dict(written))


def _refuse_contradictions(general: Values) -> None:
    if general["repeat"] > 1 and general["retries"]:
        raise SettingsError(
            "the settings repeat and retries contradict each other",
            seen="each scenario is to run several times to see whether it fails, and one that "
            "fails is to run again until it passes",
            looked=f"{general.origin('repeat')}; {general.origin('retries')}",
            remedy="give one of them: repeat finds out what is flaky, retries lives with it",
        )


def one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Returns a parser for the values of `kind`; its error names the nearest one."""

    def parse(text: str) -> StrEnum:
        known = [member.value for member in kind]
        if text.lower() not in known:
            near = nearest(text, known)
            raise ValueError(f"it is one of {', '.join(known)}; the nearest is {near!r}")
        return kind(text.lower())

    return parse


def optional(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Returns a parser that reads an empty value as None."""
    return lambda text: parse(text) if text else None


def text(value: str) -> str:
    """Parses a value that cannot be empty."""
    if not value:
        raise ValueError("it is empty")
    return value


def positive(value: str) -> float:
    """Parses a number above 0."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError("it is not a number above 0")
    return number


def yes_or_no(value: str) -> bool:
    """Parses `yes` or `no`."""
    if value.lower() not in ("yes", "no"):
        raise ValueError("it is yes or no")
    return value.lower() == "yes"


def names(value: str) -> tuple[str, ...]:
    """Parses names that are separated by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Returns a parser for a whole number from `lowest` to `highest`, both included."""

    def parse(value: str) -> int:
        if not value.isdigit() or not lowest <= int(value) <= highest:
            raise ValueError(f"it is not a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def _jobs(value: str) -> int:
    if value.lower() == "auto":
        return 0
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_JOBS:
        raise ValueError(f"it is neither a whole number from 1 to {_MOST_JOBS} nor auto")
    return int(value)


def _shard(value: str) -> str:
    if value.lower() in ("auto", "off"):
        return value.lower()
    index, _, total = value.partition("/")
    if not (index.isdecimal() and total.isdecimal() and 1 <= int(index) <= int(total)):
        raise ValueError("it is neither one of several like 2/5, counted from 1, nor auto or off")
    return f"{int(index)}/{int(total)}"


GENERAL_KEYS: Mapping[str, Key] = {
    "backend": Key("auto", one_of(Backend), "who provides the services"),
    "lifetime": Key("run", one_of(Lifetime), "how long a started service lives"),
    "reuse": Key(
        "no",
        yes_or_no,
        "whether services that a run starts are kept for later runs, until `truestep down`",
    ),
    "cache": Key("", optional(Path), "the folder kept between runs; by default the user's cache"),
    "reports": Key("reports", Path, "the folder of the runs' reports"),
    "keep_runs": Key(
        "20", whole(1, 1_000_000), "how many runs' reports are kept; older ones are removed"
    ),
    "evidence": Key("failed", one_of(Evidence), "which scenarios keep evidence of what they did"),
    "hide": Key(
        "password, token, secret",
        names,
        "columns, headers and names in JSON whose values no report shows, separated by commas",
    ),
    "wait_scale": Key("1", positive, "multiplies every waiting time, for slow machines"),
    "jobs": Key(
        "1", _jobs, "how many scenarios run at the same time, or auto; `behave -j N` beats it"
    ),
    "order": Key("written", one_of(Order), "in which order scenarios begin"),
    "seed": Key(
        "",
        optional(whole(0, 2**32 - 1)),
        "what a random order is made from; without it a new one is made, and shown",
    ),
    "retries": Key("0", whole(0, 100), "how often a failed scenario runs again"),
    "repeat": Key("1", whole(1, 100_000), "how often each scenario runs, to see if it ever fails"),
    "timeout_s": Key(
        "",
        optional(positive),
        "seconds a scenario may take, times wait_scale; its tag @timeout(30) beats it",
    ),
    "shard": Key(
        "auto",
        _shard,
        "which part of the scenarios runs here: like 2/5, or auto (what the CI system set), or off",
    ),
    "timings": Key(
        "",
        optional(Path),
        "the file that keeps how long scenarios took; by default timings.json among the reports",
    ),
}

SERVICE_KEYS: Mapping[str, Key] = {
    "backend": Key("", optional(one_of(Backend)), "who provides this service"),
    "start_within_s": Key("60", positive, "seconds until a started service has to be ready"),
    "port": Key("", optional(whole(1, 65535)), "a fixed port; without it a free one is picked"),
    "allow_reset": Key("no", yes_or_no, "whether one given by URL may be emptied for scenarios"),
}
