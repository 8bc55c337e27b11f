"""What a scenario's steps talk to the application by."""

from __future__ import annotations

import httpx


class HttpClient:
    """An HTTP client bound to one application and one scenario.

    Args:
        url: where the application is.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url)

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()
