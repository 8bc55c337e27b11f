"""The ready-made HTTP steps: what they say when they fail, and what nobody may read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.behaviour.test_application import scenario, shown
from tests.project import Project

DOC = '\n      """\n      {}\n      """'

FAILURES = {
    "another status": (
        "Then the answer has status 404",
        """POST /users was answered otherwise.
Expected: status 404
     but: was 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "JSON that differs": (
        "Then the answer matches:" + DOC.format('{"name": "Grace", "age": "<null>", "born": 1906}'),
        """POST /users was answered otherwise.
Expected: JSON with {"name": "Grace", "age": "<null>", "born": 1906}
     but: name differs: "Ada"; age differs: 36; born is missing
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "JSON that has more": (
        "Then the answer is exactly:" + DOC.format('{"name": "Ada", "age": 36}'),
        """POST /users was answered otherwise.
Expected: the JSON {"name": "Ada", "age": 36}
     but: at .tags: was not expected, was ["a"]
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a value that differs": (
        """Then the answer's "$.age" is "37\"""",
        """POST /users was answered otherwise.
Expected: at $.age: "37"
     but: was 36
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a value that is not there": (
        """Then the answer's "$.tags[1]" is "b\"""",
        """POST /users was answered otherwise.
Expected: at $.tags[1]: "b"
     but: nothing is there
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a value that should not be there": (
        """Then the answer has no "$.age\"""",
        """POST /users was answered otherwise.
Expected: nothing at $.age
     but: was 36
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a value to save that is not there": (
        """Then the answer's "$.id" is saved as <user>""",
        """POST /users was answered otherwise.
Expected: at $.id: ANYTHING
     but: nothing is there
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a schema that it does not fit": (
        'Then the answer fits the schema "user.json"',
        """POST /users was answered otherwise.
Expected: JSON that fits user.json
     but: at $.age: 36 is not of type 'string'; at $: 'id' is a required property
     in: 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a header that differs": (
        'Then the header "content-type" is "text/html"',
        """POST /users was answered otherwise.
Expected: header content-type: 'text/html'
     but: was 'application/json'""",
    ),
    "a header that is not there": (
        'Then the header "location" contains "/users"',
        """POST /users was answered otherwise.
Expected: header location: a string containing '/users'
     but: is not there; there are server, date, content-type, content-length""",
    ),
    "no redirect": (
        'Then the answer is a redirect to "/login"',
        """POST /users was answered otherwise.
Expected: a redirect to /login
     but: was 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a text that is not in it": (
        'Then the answer contains "Grace"',
        """POST /users was answered otherwise.
Expected: the text a string containing 'Grace'
     but: was 201 Created: {"name": "Ada", "tags": ["a"], "age": 36}""",
    ),
    "a redirect to another place": (
        'When I GET "/loop"\n    Then the answer is a redirect to "/login"',
        """GET /loop was answered otherwise.
Expected: a redirect to /login
     but: it redirects to /loop""",
    ),
    "redirects without end": (
        'Given redirects are followed\n    When I GET "/loop"',
        """GET /loop was not answered: Exceeded maximum allowed redirects.
  Looked at: http://127.0.0.1:PORT/loop
  Try: see the application's log; when it is slow, give it more time: moody.answer_within_s""",
    ),
    "JSON expected of a text": (
        'When I GET "/"\n    Then the answer matches:' + DOC.format("{}"),
        """GET / was answered otherwise.
Expected: JSON with {}
     but: was not JSON: 200 OK: well""",
    ),
    "a JSONPath that is none": (
        """Then the answer's "name" is "Ada\"""",
        """'name' is not a JSONPath: expected 'TOKEN_ROOT', found 'TOKEN_NAME'
  Looked at: this step
  Try: write it from the root, as RFC 9535 has it: $.user.name, $.users[0].id""",
    ),
    "a doc string that is not JSON": (
        "Then the answer matches:" + DOC.format('{"name": "Ada",}'),
        """the doc string is not JSON: \
Expecting property name enclosed in double quotes at line 1, column 16
  Looked at: {"name": "Ada",}
  Try: correct it: names and texts in "double quotes", no comma after the last one""",
    ),
    "a table with other columns": (
        'When I PUT to "/users":\n      | name | age |\n      | Ada  | 36  |',
        """the data table does not fit this step: its columns are name, age
  Looked at: the line after the step
  Try: name the columns field, value: | field | value |""",
    ),
    "no doc string": (
        'When I PUT to "/users":',
        """this step needs a doc string: nothing is below it
  Looked at: the lines after the step
  Try: write the text there, between two lines of \"\"\"""",
    ),
    "a path that does not start from the root": (
        'When I GET "users/1"',
        """a path has to start from the application's root: users/1
  Looked at: this step
  Try: write "/users/1\"""",
    ),
    "a file that is not there": (
        'When I PUT the file "photo.png" to "/users/1"',
        """the file photo.png cannot be read: No such file or directory
  Looked at: FOLDER/photo.png
  Try: correct the path: it starts from the folder that behave runs in""",
    ),
    "a schema that is not there": (
        'Then the answer fits the schema "usr.json"',
        """the schema usr.json cannot be read: No such file or directory
  Looked at: FOLDER/usr.json
  Try: correct the path, which starts from the folder that behave runs in, or mend it""",
    ),
    "a schema that is none": (
        'Then the answer fits the schema "wrong.json"',
        """wrong.json is not a JSON Schema: \
at $.type: 'objekt' is not valid under any of the given schemas
  Looked at: FOLDER/wrong.json
  Try: mend it there""",
    ),
    "a schema that refers to one that is not there": (
        'Then the answer fits the schema "referring.json"',
        """referring.json refers to a schema that is not there: https://example.com/user.json
  Looked at: FOLDER/referring.json
  Try: put it beside this one and refer to it by its path; nothing is fetched""",
    ),
}


@pytest.fixture
def moody(tmp_path: Path) -> Project:
    """The sample project `moody`, with a few JSON Schemas."""
    project = Project.of("moody", tmp_path)
    properties = '"properties": {"age": {"type": "string"}}'
    project.write("user.json", f'{{"type": "object", {properties}, "required": ["id"]}}')
    project.write("wrong.json", '{"type": "objekt"}')
    project.write("referring.json", '{"$ref": "https://example.com/user.json"}')
    return project


def test_failures_say_what_was_expected_and_what_came(moody: Project) -> None:
    post = '    When I POST to "/users":' + DOC.format('{"name": "Ada", "tags": ["a"], "age": 36}')
    scenarios = [
        f"  Scenario: {name}\n{post}\n    {steps}\n" for name, (steps, _) in FAILURES.items()
    ]
    moody.write("features/moody.feature", "@moody\nFeature: Failures\n" + "".join(scenarios))
    run = moody.behave()
    assert "Traceback" not in run.out
    assert run.summary == f"0 scenarios passed, {len(FAILURES)} failed, 0 skipped"
    texts = re.findall(r"^ASSERT FAILED: (.*?)\n\n", run.out, re.MULTILINE | re.DOTALL)
    said = [shown(text).replace(str(moody.folder), "FOLDER").rstrip() for text in texts]
    assert dict(zip(FAILURES, said, strict=True)) == {
        name: expected for name, (_, expected) in FAILURES.items()
    }


def test_answer_without_a_request_is_asked_for(moody: Project) -> None:
    scenario(moody, "    Then the answer has status 200\n")
    assert (
        "ASSERT FAILED: this step looks at an answer: no request of this scenario was answered\n"
        "  Looked at: the steps before this one\n"
        '  Try: make a request first: When I GET "/health"\n'
    ) in moody.behave().out


def test_http_step_without_an_application_names_the_missing_tag(moody: Project) -> None:
    scenario(moody, '    When I GET "/"\n', tags="@redis")
    run = moody.behave()
    assert "Traceback" not in run.out
    assert (
        "this scenario uses http without asking for it: a step reads context.http.request\n"
        "  Looked at: the tags of features/moody.feature:3\n"
        "  Try: tag the scenario or its feature with the name of an application: @moody"
    ) in run.out


SECRETS = {
    "bearer token": "token-of-ada-1843",
    "password": "engine-of-1843",
    "password as it is sent": "YWRhOmVuZ2luZS1vZi0xODQz",
    "cookie": "cookie-of-ada",
    "header by its name": "key-of-ada-1",
    "value in JSON by its name": "pin-of-ada-1843",
    # As no port, no time and no name of a run has it.
    "short value in JSON": "1815 K",
    "parameter by its name": "pin-in-a-query",
}


def test_secrets_are_in_no_report(moody: Project) -> None:
    scenario(
        moody,
        '    Given requests have the bearer token "<bearer>"\n'
        '    When I GET "/session?lang=fr&pin=pin-in-a-query"\n'
        '    Given requests are made as "ada" with the password "<password>"\n'
        '    When I GET "/session"\n'
        "    * all that was exchanged is shown\n"
        '    Then the answer\'s "$.user.pin" is "none"\n',
    )
    # What a spec says itself is for everybody to read, so these two come from elsewhere.
    moody.write(
        "environment.py",
        "from truestep.hooks import *\nfrom truestep import hooks\n\n"
        "def before_scenario(context, scenario):\n"
        "    hooks.before_scenario(context, scenario)\n"
        f"    context.kept['bearer'] = {SECRETS['bearer token']!r}\n"
        f"    context.kept['password'] = {SECRETS['password']!r}\n",
    )
    run = moody.behave("--no-capture")
    assert run.code == 1
    assert "ASSERT FAILED: GET /session was answered otherwise." in run.out
    junit = "".join(file.read_text() for file in (moody.folder / "reports").rglob("*.xml"))
    everything = run.out + run.err + junit
    written = '"/session?lang=fr&pin=pin-in-a-query"'
    everything = everything.replace(written, "").replace(written.replace("&", "&amp;"), "")
    assert {name for name, secret in SECRETS.items() if secret in everything} == set()
    assert "GET http://127.0.0.1:PORT/session?lang=fr&pin=***\n" in shown(run.out)
    assert "authorization: ***\n" in run.out
    assert "cookie: ***\n" in run.out
    assert "x-api-key: ***\n" in run.out
    assert '{"user": {"name": "Ada", "pin": "***"}, "others": [{"pin": "***"}]}' in run.out


def test_exchange_shows_request_and_answer(moody: Project) -> None:
    scenario(
        moody,
        '    When I POST to "/users":'
        + DOC.format('{"name": "Ada"}')
        + "\n    * all that was exchanged is shown\n",
    )
    run = moody.behave("--no-capture")
    assert run.code == 0, run.out + run.err
    assert re.search(
        r"^POST http://127\.0\.0\.1:\d+/users\n"
        r"(.+: .+\n)+"
        r"content-type: application/json\n"
        r"(.+: .+\n)+"
        r"\n"
        r'\{"name": "Ada"\}\n'
        r"\n"
        r"201 Created \(\d+\.\d{3} s\)\n"
        r"(.+: .+\n)+"
        r"\n"
        r'\{"name": "Ada"\}$',
        run.out,
        re.MULTILINE,
    ), run.out
