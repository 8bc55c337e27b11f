"""The record of a run opens in the official Cucumber HTML formatter, and fits the official schema.

Both come from npm, into a temporary folder.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from playwright.sync_api import Browser, expect

from truestep.report.outcome import Outcome
from truestep.report.reading import read_run

pytestmark = pytest.mark.node

GOLDEN = Path(__file__).parents[2] / "tests/golden/runs"
RUNS = [path.parent.name for path in sorted(GOLDEN.glob("*/run.json"))]
FORMATTER = "@cucumber/html-formatter@24.2.0"
MESSAGES = "@cucumber/messages@34.2.1"
SCRIPT = """\
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { CucumberHtmlStream } from "@cucumber/html-formatter";

const [from, to] = process.argv.slice(2);
const html = new CucumberHtmlStream();
html.pipe(createWriteStream(to));
for await (const line of createInterface({ input: createReadStream(from) })) {
  html.write(JSON.parse(line));
}
html.end();
"""


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the formatter and the schema in it."""
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "format.js").write_text(SCRIPT)
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", FORMATTER, MESSAGES],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_every_message_fits_the_official_schema(npm: Path, name: str) -> None:
    schema = json.loads((npm / "node_modules/@cucumber/messages/messages.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    # It can fail: a step without its result is seen, however deep the schema has it.
    assert not validator.is_valid({"testStepFinished": {"testStepId": "1"}})
    lines = (GOLDEN / name / "messages.ndjson").read_text("utf-8").splitlines()
    assert lines
    for number, line in enumerate(lines, start=1):
        error = next(validator.iter_errors(json.loads(line)), None)
        assert error is None, f"line {number}: {error.message if error else ''}"


@pytest.mark.parametrize("name", RUNS)
def test_official_formatter_shows_the_run(
    npm: Path, tmp_path: Path, browser: Browser, name: str
) -> None:
    page_file = tmp_path / "cucumber.html"
    command = ["node", "format.js", str(GOLDEN / name / "messages.ndjson"), str(page_file)]
    done = subprocess.run(command, cwd=npm, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri())
    run = read_run(GOLDEN / name)
    counts = run.count()
    started = sum(one.started is not None for one in run.scenarios)
    expect(page.get_by_text(f"({counts[Outcome.PASSED]} / {started}) passed")).to_be_visible()
    for failure in run.failures:
        expect(page.get_by_role("heading", name=failure.name.split()[-1]).first).to_be_visible()
        if failure.failing and failure.failing.problem:
            line = failure.failing.problem.message.splitlines()[0]
            expect(page.get_by_text(line).first).to_be_visible()
    for problem in run.problems:
        expect(page.get_by_role("heading", name=problem.where)).to_be_visible()
        expect(page.get_by_text(problem.problem.message).first).to_be_visible()
    assert errors == []
    page.close()
