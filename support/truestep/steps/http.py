"""Steps about HTTP: technical on purpose, to begin with and to build your own words on.

They talk to the application that the scenario's tags name; of several, to the first by name.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from behave import given, register_type, step, then
from behave.runner import Context
from hamcrest import anything, contains_string, equal_to, none, not_none
from hamcrest.core.matcher import Matcher

from truestep.matchers.answer_header import has_header
from truestep.matchers.answer_json import has_exactly_json, has_json
from truestep.matchers.answer_status import has_status
from truestep.matchers.answer_text import has_text
from truestep.matchers.answer_time import took_less_than
from truestep.matchers.json_path import JsonPath, at_path, nothing_at
from truestep.matchers.json_schema import fits_schema
from truestep.matchers.partial_json import partial_json
from truestep.matchers.redirect import redirects_to
from truestep.matchers.written_as import written_as
from truestep.polling import eventually
from truestep.services.application.exchange import Answer
from truestep.services.application.files import media_type, read_bytes
from truestep.steps import durations, quoted  # noqa: F401  # register Duration and Quoted
from truestep.steps.answered import expect
from truestep.steps.doc_string import doc_string, json_doc_string
from truestep.steps.kept import fill, keep
from truestep.steps.named_values import named_values

if TYPE_CHECKING:
    # httpx takes a while to import: only runs that talk to an application pay for it.
    from truestep.services.application.client import HttpClient

_JSON = {"content-type": "application/json"}


def _method(text: str) -> str:
    return text


_method.pattern = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"  # type: ignore[attr-defined]
register_type(Method=_method)


@step('I {method:Method} "{path:Quoted}"')
def send(context: Context, method: str, path: str) -> None:
    """Sends a request without a body."""
    _http(context).request(method, fill(context, path))


@step('I {method:Method} "{path:Quoted}" with headers:')
def send_headers(context: Context, method: str, path: str) -> None:
    """Sends a request with the headers of the data table: | header | value |."""
    headers = dict(named_values(context, "header"))
    _http(context).request(method, fill(context, path), headers=headers)


@step('I {method:Method} "{path:Quoted}" with query:')
def send_query(context: Context, method: str, path: str) -> None:
    """Sends a request with the parameters of the data table: | parameter | value |."""
    query = named_values(context, "parameter")
    _http(context).request(method, fill(context, path), query=query)


@step('I {method:Method} to "{path:Quoted}":')
def send_json(context: Context, method: str, path: str) -> None:
    """Sends the JSON of the doc string, or an object of the rows of the data table.

    The table has the columns | field | value |; a value that is JSON, such as 7, true, null, "7"
    or [1, 2], is sent as such, any other as a text.
    """
    body = json.dumps(_json_body(context))
    _http(context).request(method, fill(context, path), content=body, headers=_JSON)


@step('I {method:Method} the form to "{path:Quoted}":')
def send_form(context: Context, method: str, path: str) -> None:
    """Sends the rows of the data table as an HTML form does: | field | value |."""
    form = dict(named_values(context, "field"))
    _http(context).request(method, fill(context, path), form=form)


@step('I {method:Method} the text to "{path:Quoted}" as "{kind:Quoted}":')
def send_text(context: Context, method: str, path: str, kind: str) -> None:
    """Sends the doc string as it is, with that media type: text/csv."""
    headers = {"content-type": kind}
    body = doc_string(context)
    _http(context).request(method, fill(context, path), content=body, headers=headers)


@step('I {method:Method} the file "{file:Quoted}" to "{path:Quoted}"')
def send_file(context: Context, method: str, file: str, path: str) -> None:
    """Sends what is in a file; its path starts from the folder that behave runs in."""
    source = Path(fill(context, file))
    headers = {"content-type": media_type(source)}
    body = read_bytes(source)
    _http(context).request(method, fill(context, path), content=body, headers=headers)


@step('I upload the file "{file:Quoted}" as "{field:Quoted}" to "{path:Quoted}"')
def upload(context: Context, file: str, field: str, path: str) -> None:
    """Sends a file as that field of a form (POST, multipart)."""
    files = {field: Path(fill(context, file))}
    _http(context).request("POST", fill(context, path), files=files)


@given('requests have the header "{name:Quoted}" set to "{value:Quoted}"')
def set_header(context: Context, name: str, value: str) -> None:
    """Sends the header with all later requests of the scenario."""
    _http(context).set_header(name, fill(context, value))


@given('requests have the bearer token "{token:Quoted}"')
def use_bearer_token(context: Context, token: str) -> None:
    """Sends the token with all later requests of the scenario."""
    _http(context).use_bearer_token(fill(context, token))


@given('requests are made as "{user:Quoted}" with the password "{password:Quoted}"')
def use_password(context: Context, user: str, password: str) -> None:
    """Sends user and password (basic authentication) with all later requests of the scenario."""
    _http(context).use_password(fill(context, user), fill(context, password))


@step("requests have no credentials")
def forget_credentials(context: Context) -> None:
    """Sends no token, no password and no cookie any more."""
    _http(context).forget_credentials()


@step("redirects are followed")
def follow_redirects(context: Context) -> None:
    """Follows redirects from now on; without this step they are answers as any other."""
    _http(context).follow_redirects = True


@step("redirects are not followed")
def do_not_follow_redirects(context: Context) -> None:
    """Follows redirects no more."""
    _http(context).follow_redirects = False


@step("an answer may take {limit:Duration}")
def set_time_out(context: Context, limit: timedelta) -> None:
    """Lets later requests fail that have no answer after that time; the default is a setting."""
    _http(context).answer_within_s = limit / timedelta(seconds=1)


@then("the answer has status {status:d}")
def answer_has_status(context: Context, status: int) -> None:
    """Looks at the status of the last answer."""
    expect(context, has_status(status))


@then("the answer matches:")
def answer_matches(context: Context) -> None:
    """Looks whether the answer's JSON has at least what the doc string has."""
    expect(context, has_json(partial_json(json_doc_string(context))))


@then("the answer is exactly:")
def answer_is_json(context: Context) -> None:
    """Looks whether the answer's JSON says the same as the doc string, no more and no less."""
    expect(context, has_exactly_json(json_doc_string(context)))


@then("the answer is the text:")
def answer_is_text(context: Context) -> None:
    """Looks whether the answer is the doc string."""
    expect(context, has_text(equal_to(doc_string(context))))


@then('the answer contains "{text:Quoted}"')
def answer_contains_text(context: Context, text: str) -> None:
    """Looks for a text in the answer, whatever kind it is."""
    expect(context, has_text(contains_string(fill(context, text))))


@then('the answer\'s "{path:Quoted}" is "{value}"')
def value_is(context: Context, path: str, value: str) -> None:
    """Looks at the value that a JSONPath leads to: "7" is the number and the text, "<any>" any.

    A path that leads to several places, such as $.users[*].name, stands for the list of them.
    """
    expect(context, has_json(at_path(JsonPath(path), written_as(fill(context, value)))))


@then('the answer\'s "{path:Quoted}" matches:')
def value_matches(context: Context, path: str) -> None:
    """Looks whether the value at the JSONPath has at least what the doc string has."""
    expected = partial_json(json_doc_string(context))
    expect(context, has_json(at_path(JsonPath(path), expected)))


@then('the answer has no "{path:Quoted}"')
def value_is_missing(context: Context, path: str) -> None:
    """Looks whether the JSONPath leads nowhere; a null would be something."""
    expect(context, has_json(nothing_at(JsonPath(path))))


@then('the answer fits the schema "{file:Quoted}"')
def answer_fits_schema(context: Context, file: str) -> None:
    """Looks whether the answer fits a JSON Schema; the path starts from behave's folder."""
    expect(context, has_json(fits_schema(Path(fill(context, file)))))


@then('the header "{name:Quoted}" is "{value}"')
def header_is(context: Context, name: str, value: str) -> None:
    """Looks at a header of the answer."""
    expect(context, has_header(name, equal_to(fill(context, value))))


@then('the header "{name:Quoted}" contains "{text}"')
def header_contains(context: Context, name: str, text: str) -> None:
    """Looks for a text in a header of the answer."""
    expect(context, has_header(name, contains_string(fill(context, text))))


@then('there is no header "{name:Quoted}"')
def header_is_missing(context: Context, name: str) -> None:
    """Looks whether the answer comes without a header."""
    expect(context, has_header(name, none()))


@then('the answer is a redirect to "{place:Quoted}"')
def answer_redirects(context: Context, place: str) -> None:
    """Looks whether the answer has a 3xx status and leads to that path or URL."""
    expect(context, redirects_to(fill(context, place)))


@then("the answer took less than {limit:Duration}")
def answer_took_less(context: Context, limit: timedelta) -> None:
    """Looks at the time from the request to the end of the answer."""
    expect(context, took_less_than(limit))


@then('within {within:Duration} "{path:Quoted}" has status {status:d}')
def path_has_status_within(context: Context, within: timedelta, path: str, status: int) -> None:
    """GETs the path, that long, until it is answered so."""
    _await(context, path, has_status(status), within)


@then('within {within:Duration} "{path:Quoted}" matches:')
def path_matches_within(context: Context, within: timedelta, path: str) -> None:
    """GETs the path, that long, until its JSON has at least what the doc string has."""
    _await(context, path, has_json(partial_json(json_doc_string(context))), within)


@step('the answer\'s "{path:Quoted}" is saved as <{name}>')
def save_value(context: Context, path: str, name: str) -> None:
    """Saves the value at the JSONPath: `<name>` stands for it in later steps."""
    there = JsonPath(path)
    expect(context, has_json(at_path(there, anything())))
    keep(context, name, there.read(_http(context).answer.json())[0])


@step('the header "{header:Quoted}" is saved as <{name}>')
def save_header(context: Context, header: str, name: str) -> None:
    """Saves a header of the answer: `<name>` stands for it in later steps."""
    expect(context, has_header(header, not_none()))
    keep(context, name, _http(context).answer.header(header))


def _http(context: Context) -> HttpClient:
    http: HttpClient = context.http
    return http


def _json_body(context: Context) -> Any:
    if context.table is None:
        return json_doc_string(context)
    return {name: _as_json(value) for name, value in named_values(context, "field")}


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _await(context: Context, path: str, matcher: Matcher[Answer], within: timedelta) -> None:
    place = fill(context, path)
    eventually(
        lambda: _http(context).request("GET", place),
        matcher,
        what=f"GET {place}",
        within_s=within / timedelta(seconds=1),
    )
