"""Moving time for the services that can: what would have expired by then, has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from truestep.errors import CannotTravelError, StepUsageError
from truestep.services.base import CanTravel, Isolation

_LOOKED = "the services that the scenario's tags ask for"


class Clock:
    """The clock of one scenario.

    Args:
        places: service name -> its isolation and the scenario's client.
    """

    def __init__(self, places: Mapping[str, tuple[Isolation, Any]]) -> None:
        self._places = places

    def advance(self, by: timedelta, *, service: str | None = None) -> None:
        """Lets `by` pass for every service of the scenario that can travel, or for one by name.

        Raises:
            CannotTravelError: the named service has no clock to move, or none of them has.
            StepUsageError: `by` is not a time that can pass.
        """
        if by <= timedelta(0):
            raise StepUsageError(
                "time cannot pass",
                seen=f"a duration of {by / timedelta(seconds=1):g} seconds",
                looked="the step, or the call of context.clock.advance",
                remedy="give a duration above zero",
            )
        asked = self._places if service is None else self._only(service)
        travellers = [
            (isolation, client)
            for isolation, client in asked.values()
            if isinstance(isolation, CanTravel)
        ]
        if not travellers:
            names = ", ".join(sorted(asked)) or "no service"
            raise CannotTravelError(
                "time cannot be moved in this scenario",
                seen=f"{names} has no expiry that could be moved",
                looked=_LOOKED,
                remedy="tag it @redis if what should expire is in Redis, or wait for real: "
                "@real_time",
            )
        for isolation, client in travellers:
            isolation.advance(client, by)

    def _only(self, service: str) -> Mapping[str, tuple[Isolation, Any]]:
        if service not in self._places:
            raise CannotTravelError(
                f"time cannot be moved in {service}",
                seen=f"the scenario uses {', '.join(sorted(self._places)) or 'no service'}",
                looked=_LOOKED,
                remedy=f"tag the scenario @{service}, or name a service that it uses",
            )
        return {service: self._places[service]}
