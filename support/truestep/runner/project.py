"""What the runner takes from the project's settings."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from truestep import project
from truestep.errors import SettingsError, TruestepError
from truestep.settings import Evidence, Settings


@dataclass(frozen=True)
class ProjectSettings:
    """Settings of the record; the defaults, with the `error`, when the project's are not valid.

    `reports` is the folder of all runs' reports, `cache` the one that is kept between runs,
    `keep_runs` how many runs' reports are kept.
    `hide` are names whose values nobody may read, `services` the tags that stand for services,
    `written` what was written, by section, as it may be shown; `settings` are all of them.
    """

    reports: Path = Path("reports")
    cache: Path | None = None
    keep_runs: int = 20
    evidence: Evidence = Evidence.FAILED
    hide: Collection[str] = ()
    services: Collection[str] = ()
    written: Mapping[str, dict[str, str]] = field(default_factory=dict)
    settings: Settings | None = None
    error: TruestepError | None = None


def project_settings(userdata: Mapping[str, str]) -> ProjectSettings:
    """Reads the settings of the project in the current folder.

    Args:
        userdata: behave's `-D` values.
    """
    try:
        settings = project.project_settings(Path.cwd(), os.environ, userdata)
    except SettingsError as error:
        return ProjectSettings(error=error)
    return ProjectSettings(
        settings.reports,
        settings.cache,
        settings.keep_runs,
        settings.evidence,
        settings.hide,
        settings.services.keys(),
        settings.written(),
        settings,
    )
