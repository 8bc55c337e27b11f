"""Which backend provides a service in this run, and why."""

from __future__ import annotations

from truestep.errors import SettingsError
from truestep.services.base import Choice, Service
from truestep.settings import Backend, Settings


def choose(service: Service, settings: Settings) -> Choice:
    """Returns the backend for `service`.

    `auto`: a service with a URL is external; else docker when an engine answers and the image is
    already there; else embedded. So a first run never waits for a pull. An application under test
    runs by its command if it has one, else by its compose file.

    Raises:
        SettingsError: `external` was asked for and there is no URL.
    """
    asked, place = settings.backend(service.name)
    has_url = service.values["url"] is not None
    if asked is Backend.EXTERNAL and not has_url:
        raise SettingsError(
            f"{service.name} was asked to be external",
            seen="no URL says where it is",
            looked=place,
            remedy=f"give it: -D {service.name}.url=… or TRUESTEP_{service.name.upper()}_URL",
        )
    if asked is not Backend.AUTO:
        return Choice(asked, f"asked for by {place}")
    if has_url:
        return Choice(Backend.EXTERNAL, f"its URL is in {service.values.origin('url')}")
    return service.automatic()
