"""Reading settings from where they may be written, and refusing what is not known."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from truestep.errors import SettingsError, nearest
from truestep.settings import DEFAULT, Key, Origin, Settings, Values
from truestep.settings.keys import GENERAL_KEYS, SERVICE_KEYS

# behave reads its configuration from the same files, nearest first.
CONFIG_FILES = ("behave.ini", ".behaverc", "setup.cfg", "tox.ini")

# A section with one of these describes an application under test.
APPLICATION_MARKS = ("command", "compose", "url")

# A key given with -D belongs to the user's own steps unless it is this much like one of ours.
_LOOKS_LIKE_OURS = 0.75


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
