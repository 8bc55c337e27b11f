"""The settings of a project: of the services that Truestep has, and of its own applications."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from truestep.services import registry
from truestep.services.application.settings import APPLICATION_KEYS
from truestep.settings import Settings
from truestep.settings.reading import read_settings


def project_settings(
    root: Path, environment: Mapping[str, str], userdata: Mapping[str, str]
) -> Settings:
    """Returns the settings that a run in `root` with these `-D` values has.

    Raises:
        SettingsError: one of them is not valid.
    """
    return read_settings(
        registry.service_keys(),
        application=APPLICATION_KEYS,
        folder=root,
        environment=environment,
        userdata=userdata,
    )
