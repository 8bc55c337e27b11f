"""What a scenario's steps talk to the application by."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partialmethod
from pathlib import Path
from typing import Any

import httpx

from truestep.errors import NoAnswerError, StepUsageError
from truestep.polling import scaled
from truestep.redaction import redact
from truestep.services.application.exchange import Answer, Exchange
from truestep.services.application.files import media_type, read_bytes
from truestep.services.application.hiding import Hiding, Pairs, hidden

_OUR_MACHINE = ("127.0.0.1", "localhost", "::1")


@cache
def tls_context() -> ssl.SSLContext:
    """Returns what checks the certificates of https; it takes some milliseconds to make."""
    return httpx.create_ssl_context()


def open_client(url: str, *, tls: ssl.SSLContext, within_s: float) -> httpx.Client:
    """Returns an httpx client for an application; nothing on this machine is behind a proxy."""
    ours = httpx.URL(url).host in _OUR_MACHINE
    return httpx.Client(base_url=url, verify=tls, trust_env=not ours, timeout=within_s)


class HttpClient:
    """An HTTP client bound to one application and one scenario.

    Args:
        name: the application's.
        url: where it is.
        answer_within_s: seconds, before scaling, until a request without an answer fails.
        hide: names of headers, parameters and JSON whose values nobody may read in a report.
        tls: what checks certificates.

    Attributes:
        exchanges: all that was sent and received, in order, secrets hidden.
        follow_redirects: whether a redirect is followed; it is not, unless asked.
        answer_within_s: may be changed at any time.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        answer_within_s: float,
        hide: Iterable[str],
        tls: ssl.SSLContext,
    ) -> None:
        self.name = name
        self.url = url
        self.exchanges: list[Exchange] = []
        self.follow_redirects = False
        self.answer_within_s = answer_within_s
        self._hiding = Hiding(hide)
        self._standing: dict[str, str] = {}
        self._answer: Answer | None = None
        self._client = open_client(url, tls=tls, within_s=answer_within_s)

    @property
    def answer(self) -> Answer:
        """The answer to the last request.

        Raises:
            StepUsageError: no request was made, or it was not answered.
        """
        if self._answer is None:
            raise StepUsageError(
                "this step looks at an answer",
                seen="no request of this scenario was answered",
                looked="the steps before this one",
                remedy='make a request first: When I GET "/health"',
            )
        return self._answer

    def set_header(self, name: str, value: str) -> None:
        """Sends a header with each later request of the scenario."""
        self._standing[name.lower()] = value

    def use_bearer_token(self, token: str) -> None:
        """Sends a bearer token with each later request; it is hidden wherever it appears."""
        self.set_header("authorization", f"Bearer {hidden(token)}")

    def use_password(self, user: str, password: str) -> None:
        """Sends user and password, by basic authentication, with each later request."""
        pair = base64.b64encode(f"{user}:{hidden(password)}".encode()).decode()
        self.set_header("authorization", f"Basic {pair}")

    def forget_credentials(self) -> None:
        """Sends no token, no password and no cookie any more."""
        self._standing.pop("authorization", None)
        self._client.cookies.clear()

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Iterable[tuple[str, str]] | Mapping[str, str] | None = None,
        json: Any = None,
        content: str | bytes | None = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> Answer:
        """Sends a request and returns its answer, whatever its status.

        Args:
            method: the HTTP method.
            path: from the application's root, `/users/1`, or a full URL.
            headers: for this request alone.
            query: parameters to put behind the path.
            json: a value to send as JSON; None for none.
            content: a body to send as it is; say what it is by the header content-type.
            form: fields to send as a form.
            files: field -> file, to send as a multipart form, with the fields of `form`.

        Raises:
            NoAnswerError: no answer came in time, or at all.
            StepUsageError: a path that does not start from the root, a file that is not there.
        """
        self._answer = None
        request = self._client.build_request(
            method,
            _with_query(_checked(path), query),
            headers={**self._standing, **{k.lower(): v for k, v in (headers or {}).items()}},
            json=json,
            content=content,
            data=form,
            files={field: _uploaded(file) for field, file in files.items()} if files else None,
            timeout=scaled(self.answer_within_s),
        )
        shown = f"{method} {self._hiding.url(path)}"
        began, at = time.monotonic(), datetime.now(UTC)
        try:
            response = self._client.send(request, follow_redirects=self.follow_redirects)
        except httpx.RequestError as error:
            problem = self._problem(error)
            took_s = time.monotonic() - began
            sent = self._sent(request, at)
            self.exchanges.append(replace(sent, duration_s=took_s, problem=redact(problem)))
            raise NoAnswerError(
                f"{shown} was not answered",
                seen=problem,
                looked=self._hiding.url(str(request.url)),
                remedy="see the application's log; when it is slow, give it more time: "
                f"{self.name}.answer_within_s",
            ) from error
        for hop in (*response.history, response):
            self.exchanges.append(self._answered(hop, at))
            at += hop.elapsed
        self._answer = Answer(
            request=shown,
            url=str(response.url),
            status=response.status_code,
            headers=_header_pairs(response.headers),
            body=response.content,
            text=response.text,
            duration_s=time.monotonic() - began,
            exchange=self.exchanges[-1],
        )
        return self._answer

    get = partialmethod(request, "GET")
    post = partialmethod(request, "POST")
    put = partialmethod(request, "PUT")
    patch = partialmethod(request, "PATCH")
    delete = partialmethod(request, "DELETE")

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()

    def _problem(self, error: httpx.RequestError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"it took longer than {scaled(self.answer_within_s):g} s"
        return str(error).strip() or type(error).__name__

    def _sent(self, request: httpx.Request, at: datetime) -> Exchange:
        kind = request.headers.get("content-type", "")
        return Exchange(
            method=request.method,
            url=self._hiding.url(str(request.url)),
            request_headers=self._hiding.headers(_header_pairs(request.headers)),
            request_body=self._hiding.body(request.read(), kind),
            at=at,
        )

    def _answered(self, response: httpx.Response, at: datetime) -> Exchange:
        kind = response.headers.get("content-type", "")
        return replace(
            self._sent(response.request, at),
            status=response.status_code,
            reason=response.reason_phrase,
            headers=self._hiding.headers(_header_pairs(response.headers)),
            body=self._hiding.body(response.content, kind),
            duration_s=response.elapsed.total_seconds(),
        )


def _header_pairs(headers: httpx.Headers) -> Pairs:
    return tuple(headers.multi_items())


def _with_query(
    path: str, query: Iterable[tuple[str, str]] | Mapping[str, str] | None
) -> httpx.URL:
    # Given to the request, they would replace those that stand in the path already.
    try:
        url = httpx.URL(path)
    except httpx.InvalidURL as error:
        raise StepUsageError(
            "this is no path of a URL",
            seen=f"{error}: {path!r}",
            looked="this step",
            remedy='write it as in the address line of a browser: "/users/1?lang=fr"',
        ) from None
    for name, value in query.items() if isinstance(query, Mapping) else query or ():
        url = url.copy_add_param(name, value)
    return url


def _checked(path: str) -> str:
    if not path.startswith(("/", "http://", "https://")):
        raise StepUsageError(
            "a path has to start from the application's root",
            seen=path,
            looked="this step",
            remedy=f'write "/{path}"',
        )
    return path


def _uploaded(file: Path) -> tuple[str, bytes, str]:
    return file.name, read_bytes(file), media_type(file)
