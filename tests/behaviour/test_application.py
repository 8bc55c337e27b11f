"""An application under test as a local process: started, watched, talked to, stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hamcrest import equal_to

from tests.behaviour.test_bad_input import refusal
from tests.clone import ROOT
from tests.machine import listened_at, refusing_port, taken_port
from tests.project import SAMPLES, Project, Run
from truestep.polling import eventually
from truestep.services.processes import free_port

ANSWERS = """\
    When I GET "/"
    Then the answer has status 200
"""


@pytest.fixture
def moody(tmp_path: Path) -> Project:
    """The sample project `moody`: an application in Python that can misbehave in many ways."""
    return Project.of("moody", tmp_path)


def set_up(project: Project, mood: str = "well", **settings: str) -> None:
    """Appends settings to those of the application."""
    file = project.folder / "behave.ini"
    lines = [f"env.MOOD = {mood}", *(f"{key} = {value}" for key, value in settings.items())]
    file.write_text(file.read_text() + "".join(f"{line}\n" for line in lines))


def scenario(project: Project, steps: str, *, tags: str = "@moody") -> None:
    """Makes a feature of one scenario; its first step is on line 4."""
    text = f"{tags}\nFeature: One\n  Scenario: Only\n{steps}"
    project.write("features/moody.feature", text)


def shown(text: str) -> str:
    """Text without the port that was picked."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def processes(run: Run) -> list[dict[str, Any]]:
    """What the application said of its process, each time it was noted."""
    assert run.code == 0, run.out + run.err
    return [json.loads(text) for text in re.findall(r"^process (.*)$", run.out, re.MULTILINE)]


def test_application_in_another_language_is_tested_the_same_way(tmp_path: Path) -> None:
    if shutil.which("node") is None and not os.environ.get("CI"):
        pytest.skip("Node is not installed")
    project = Project.of("greeter", tmp_path)
    run = project.behave("-D", f"greeter.folder={ROOT / 'examples' / 'greeter'}")
    assert run.summary == "3 scenarios passed, 0 failed, 0 skipped", run.out + run.err
    log = (project.folder / "reports" / "logs" / "greeter.log").read_text()
    assert log.startswith("listening on port ")
    assert log.endswith("told to stop\n"), "it was stopped by SIGTERM"


@pytest.mark.parametrize("lifetime", ["run", "feature", "scenario"])
def test_application_is_started_once_per_run_whatever_lifetime_is_set(
    moody: Project, lifetime: str
) -> None:
    for name in ("one", "two"):
        scenarios = "  Scenario: First\n    * the process is noted\n" * 2
        text = f"@moody @redis\nFeature: {name}\n{scenarios}".replace("First", "Second", 1)
        moody.write(f"features/{name}.feature", text)
    set_up(moody, needs="redis")
    features = ["features/one.feature", "features/two.feature"]
    seen = processes(moody.behave("--no-capture", "-D", f"lifetime={lifetime}", *features))
    assert len(seen) == 4
    assert len({one["pid"] for one in seen}) == 1


def test_workers_share_one_instance_that_is_to_be_shared(moody: Project) -> None:
    # Each worker comes to some of either kind.
    beside = "  Scenario: Beside\n    * nothing is asked of it\n"
    noted = "  @moody\n  Scenario: {}\n    * the process is noted\n"
    scenarios = "".join(
        noted.format(n) + beside.replace("Beside", f"Beside {n}") for n in range(12)
    )
    moody.write("features/one.feature", f"Feature: One\n{scenarios}")
    moody.write(
        "steps/idle_steps.py",
        "from behave import step\n\n\n@step('nothing is asked of it')\n"
        "def idle(context):\n    pass\n",
    )
    set_up(moody, shared="yes")
    ours = ("-r", "truestep.runner:Runner", "-j", "2", "-D", "order=random", "-D", "seed=6")
    seen = processes(moody.behave("--no-capture", *ours, "features/one.feature"))
    assert len(seen) == 12
    assert len({one["pid"] for one in seen}) == 1


def test_application_has_a_process_group_and_an_environment_of_its_own(moody: Project) -> None:
    set_up(moody, **{"env.GREETING": "hello"})
    scenario(moody, "    * the process is noted\n")
    secret = {"AWS_SECRET_ACCESS_KEY": "nobody's business", "DATABASE_URL": "postgresql://prod"}
    [seen] = processes(moody.behave("--no-capture", environment=secret))
    assert seen["group"] == seen["pid"]
    assert set(seen["environment"]) <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
        *("PYTHONUNBUFFERED", "_TRUESTEP_WORKSPACE", "MOOD", "GREETING"),
    }
    assert {"MOOD", "GREETING"} <= set(seen["environment"])


def test_application_that_says_it_is_still_starting_is_waited_for(moody: Project) -> None:
    set_up(moody, "slow")
    run = moody.behave()
    assert run.code == 0, run.out + run.err
    log = (moody.folder / "reports" / "logs" / "moody.log").read_text()
    assert log.count("answered GET /health") == 4


FAILED_STARTS = {
    "dead": """ServiceError: moody (embedded) did not start: exited with code 1
  Looked at: its last log lines:
there is no configuration
  Try: mend what the log says, or see: python -m truestep doctor
""",
    "ill": """ServiceError: moody is not healthy: 500 Internal Server Error: the disk is full
  Looked at: http://127.0.0.1:PORT/health; its last log lines:
at your service
answered GET /health HTTP/1.1
  Try: mend it, or correct the path that answers 2xx when all is well: moody.health
""",
}


@pytest.mark.parametrize("mood", FAILED_STARTS)
def test_failed_start_is_reported_at_once_with_body_and_log(moody: Project, mood: str) -> None:
    set_up(moody, mood)
    began = time.monotonic()
    run = moody.behave("-D", "moody.start_within_s=60")
    assert time.monotonic() - began < 30, "it waited for the time-out"
    assert run.summary == "0 scenarios passed, 0 failed, 1 hook_error, 0 skipped"
    assert f"HOOK-ERROR in before_scenario: {FAILED_STARTS[mood]}" in shown(run.out)
    assert "  moody     failed to start" in run.err


def test_application_that_is_never_ready_is_given_up(moody: Project) -> None:
    set_up(moody, "late")
    run = moody.behave("-D", "moody.start_within_s=1.5")
    assert re.search(
        r"ServiceError: moody \(embedded\) was not ready after 1\.5 s: "
        r"503 Service Unavailable: warming up\n"
        r"  Looked at: its last log lines:\n"
        r"(at your service\n)?(answered GET /health HTTP/1\.1\n)+"
        r"  Try: mend what the log says, or see: python -m truestep doctor\n",
        run.out,
    ), run.out


def test_application_that_dies_in_a_scenario_is_told_from_a_failed_expectation(
    moody: Project,
) -> None:
    scenario(moody, '    When I GET "/"\n    And I GET "/die"\n')
    run = moody.behave()
    assert run.code == 1
    assert (
        "GET /die was not answered: Server disconnected without sending a response.\n"
        "  Looked at: http://127.0.0.1:PORT/die\n"
        "  Try: see the application's log; when it is slow, give it more time: "
        "moody.answer_within_s"
    ) in shown(run.out)
    assert (
        "ServiceError: moody (embedded) died during the run: exited with code 4\n"
        "  Looked at: its last log lines:\n"
        "at your service\n"
        "answered GET /health HTTP/1.1\n"
        "answered GET / HTTP/1.1\n"
        "the end is near\n"
        "  Try: find in the log why it died; later scenarios that need it fail too"
    ) in run.out


def test_failed_scenario_shows_what_was_logged_since_it_began(moody: Project) -> None:
    moody.write(
        "features/moody.feature",
        f"@moody\nFeature: Two\n  Scenario: Well\n{ANSWERS}"
        '  Scenario: Not\n    When I GET "/what/is"\n    Then the answer has status 404\n',
    )
    run = moody.behave()
    assert run.summary == "1 scenario passed, 1 failed, 0 skipped"
    _, _, after_header = run.err.partition("behave.ini\n")
    assert after_header == (
        "truestep: moody logged during features/moody.feature:6:\n"
        "    answered GET /what/is HTTP/1.1\n"
        "  All of its log: reports/logs/moody.log\n"
    )


def test_request_that_takes_too_long_fails_with_what_to_do(moody: Project) -> None:
    scenario(moody, '    Given an answer may take 0.2 seconds\n    When I GET "/never"\n')
    run = moody.behave()
    assert "Traceback" not in run.out
    assert (
        "ASSERT FAILED: GET /never was not answered: it took longer than 0.2 s\n"
        "  Looked at: http://127.0.0.1:PORT/never\n"
        "  Try: see the application's log; when it is slow, give it more time: "
        "moody.answer_within_s\n"
    ) in shown(run.out)


def test_time_out_of_requests_is_a_setting(moody: Project) -> None:
    scenario(moody, '    When I GET "/never"\n')
    run = moody.behave("-D", "moody.answer_within_s=0.1", "-D", "wait_scale=3")
    assert "GET /never was not answered: it took longer than 0.3 s" in run.out


def test_application_that_ignores_sigterm_is_killed_with_its_children(moody: Project) -> None:
    set_up(moody, "stubborn", stop_within_s="1")
    scenario(moody, "    * the process is noted\n")
    [seen] = processes(moody.behave("--no-capture"))
    log = (moody.folder / "reports" / "logs" / "moody.log").read_text()
    assert log.endswith("not now\n"), "it was asked first"
    assert not psutil.pid_exists(seen["pid"])
    assert not members(seen["group"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_an_application_when_its_run_is_ended(
    moody: Project, number: signal.Signals
) -> None:
    set_up(moody, "stubborn", stop_within_s="0.3")
    moody.write(
        "steps/note.py",
        "from pathlib import Path\nfrom behave import when\n\n@when('it hangs')\n"
        "def hang(context):\n    Path('reached').write_text(context.moody.get('/process').text)\n"
        "    context.moody.get('/never')\n",
    )
    scenario(moody, "    When it hangs\n")
    with moody.running("-D", "moody.answer_within_s=20") as process:
        group = json.loads(moody.wait_for("reached"))["group"]
        process.send_signal(number)
        process.communicate(timeout=60)
    eventually(lambda: members(group), equal_to([]), what="the application's processes")


def test_application_is_stopped_while_it_starts(moody: Project) -> None:
    set_up(moody, "late")
    log = moody.folder / "reports" / "logs" / "moody.log"
    with moody.running("-D", "moody.start_within_s=60") as process:
        eventually(
            lambda: log.exists() and "GET /health" in log.read_text(),
            equal_to(True),
            what="an application that is starting",
            within_s=60,
        )
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, out + err
    assert time.monotonic() - began < 20, "it waited for the application"


def members(group: int) -> list[str]:
    """The processes of a group, those that are gone but not collected left out."""
    found = []
    for one in psutil.process_iter(["pid", "name", "status"]):
        try:
            if os.getpgid(one.pid) == group and one.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(f"{one.pid} {one.info['name']}")
        except ProcessLookupError:
            continue
    return found


REFUSALS = {
    "unknown placeholder in the command": (
        "command = python app.py {prot}",
        """SettingsError: command of moody asks for {prot}, which is unknown: \
the nearest valid one is {port}
  Looked at: [service.moody] command in behave.ini
  Try: use one of {port}, add the service to `needs`, or write {{prot}} for {prot} as it is""",
    ),
    "unknown placeholder in a variable": (
        "command = python app.py {port}\nneeds = redis\nenv.DATABASE_URL = {postgres.url}",
        """SettingsError: env.DATABASE_URL of moody asks for {postgres.url}, which is unknown: \
the nearest valid one is {redis.url}
  Looked at: [service.moody] env.DATABASE_URL in behave.ini
  Try: use one of {port}, {redis.url}, add the service to `needs`, \
or write {{postgres.url}} for {postgres.url} as it is""",
    ),
    "unknown service in needs": (
        "command = python app.py {port}\nneeds = postgrs, redis",
        """SettingsError: the value 'postgrs, redis' of moody.needs is not valid: \
'postgrs' is no service; there are postgres, redis, kafka; the nearest is 'postgres'
  Looked at: [service.moody] needs in behave.ini
  Try: see what it is for: the services it uses, separated by commas""",
    ),
    "no command": (
        "compose = compose.yml",
        """SettingsError: moody cannot run here as a process: it has no command
  Looked at: [service.moody]
  Try: add `command = …` to it, or use another backend for it""",
    ),
    "unbalanced quotes": (
        'command = python "app.py {port}',
        """SettingsError: the value 'python "app.py {port}' of moody.command is not valid: \
it is not a command line: no closing quotation
  Looked at: [service.moody] command in behave.ini
  Try: see what it is for: what starts it here; {port} stands for its port""",
    ),
    "command not on PATH": (
        "command = pyhton app.py {port}",
        """SettingsError: the command of moody cannot be run: there is no program 'pyhton'
  Looked at: [service.moody] command in behave.ini; PATH
  Try: install it, or correct the command""",
    ),
    "folder that is not there": (
        "command = python app.py {port}\nfolder = nowhere",
        """SettingsError: the folder of moody is not there: nowhere is no folder
  Looked at: [service.moody] folder in behave.ini
  Try: correct the path; it starts from the folder that behave runs in""",
    ),
    "path that is none": (
        "command = python app.py {port}\nhealth = health",
        """SettingsError: the value 'health' of moody.health is not valid: \
it is not a path like /health
  Looked at: [service.moody] health in behave.ini
  Try: see what it is for: the path that answers 2xx once it is ready""",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_setting_that_cannot_work_is_refused_before_anything_starts(
    moody: Project, case: str
) -> None:
    settings, expected = REFUSALS[case]
    head = "[behave]\npaths = features\n\n[truestep]\nbackend = embedded\n\n"
    moody.write("behave.ini", f"{head}[service.moody]\n{settings}\n")
    assert refusal(moody.behave()) == expected


def test_program_of_the_project_that_is_not_there_is_refused(moody: Project) -> None:
    text = refusal(moody.behave("-D", "moody.command=./start {port}"))
    assert text == (
        "SettingsError: the command of moody cannot be run: there is no program './start'\n"
        f"  Looked at: -D moody.command=./start {{port}}; {moody.folder}/start\n"
        "  Try: install it, or correct the command"
    )


def test_braces_that_are_no_placeholder_are_left_as_they_are(moody: Project) -> None:
    moody.write("show.sh", 'echo "$PATTERN and $JSON"\nexec python app.py "$1"\n')
    set_up(moody, **{"env.PATTERN": "/users/{{id}}", "env.JSON": '{"a": {"b": 1}}'})
    run = moody.behave("-D", "moody.command=sh show.sh {port}")
    assert run.code == 0, run.out + run.err
    log = (moody.folder / "reports" / "logs" / "moody.log").read_text()
    assert log.startswith('/users/{id} and {"a": {"b": 1}}\n')


def test_taken_port_is_refused(moody: Project) -> None:
    with taken_port() as port:
        assert refusal(moody.behave("-D", f"moody.port={port}")) == (
            f"BackendUnavailableError: moody cannot have the port {port}: Address already in use\n"
            f"  Looked at: 127.0.0.1:{port}\n"
            "  Try: stop what listens there, or leave moody.port out: a free one is picked"
        )


def test_deployed_application_that_does_not_answer_is_refused(moody: Project) -> None:
    with refusing_port() as port:
        url = f"http://127.0.0.1:{port}"
        assert refusal(moody.behave("-D", f"moody.url={url}", "-D", "moody.backend=external")) == (
            "ServiceError: moody (external) does not answer: "
            "ConnectError: [Errno 111] Connection refused\n"
            f"  Looked at: {url}, from -D moody.url={url}\n"
            "  Try: start that server, correct the URL, or leave it out to have one started"
        )


@pytest.mark.parametrize("lifetime", ["feature", "scenario"])
def test_tag_for_an_application_of_its_own_is_refused(moody: Project, lifetime: str) -> None:
    scenario(moody, ANSWERS, tags=f"@moody @lifetime.{lifetime}")
    assert refusal(moody.behave()) == (
        f"TagError: the tag @lifetime.{lifetime} does not go with @moody: "
        "an application under test is started once per run\n"
        "  Looked at: features/moody.feature:3\n"
        "  Try: take one of the two tags away"
    )


def test_doctor_says_how_an_application_would_run(moody: Project) -> None:
    def doctor() -> str:
        command = [sys.executable, "-m", "truestep", "doctor"]
        done = subprocess.run(
            command, cwd=moody.folder, capture_output=True, text=True, check=False
        )
        return done.stdout

    assert "moody      embedded: asked for by [truestep] backend in behave.ini\n" in doctor()
    set_up(moody, folder="nowhere")
    assert "moody      cannot run\nthe folder of moody is not there" in doctor()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[str]:
    """The application of `moody` as somebody else runs it; its URL."""
    port = free_port()
    app = SAMPLES / "moody" / "app.py"
    with (tmp_path / "deployed.log").open("w") as log:
        process = subprocess.Popen([sys.executable, str(app), str(port)], stdout=log, stderr=log)
    try:
        eventually(lambda: listened_at(port), equal_to({"127.0.0.1"}), what="the application")
        yield f"http://127.0.0.1:{port}"
        assert process.poll() is None, "what somebody else runs is not ours to stop"
    finally:
        process.terminate()
        process.wait()


def test_deployed_application_is_talked_to_by_its_url(moody: Project, deployed: str) -> None:
    run = moody.behave("-D", f"moody.url={deployed}", "-D", "moody.backend=external")
    assert run.summary == "1 scenario passed, 0 failed, 0 skipped", run.out + run.err
    assert "external  asked for by -D moody.backend=external" in run.err


def test_scenario_that_looks_into_what_no_url_leads_to_is_skipped_with_the_reason(
    moody: Project, deployed: str
) -> None:
    set_up(moody, needs="redis")
    scenario(moody, ANSWERS, tags="@moody @redis")
    run = moody.behave("-D", f"moody.url={deployed}", "-D", "moody.backend=external")
    assert run.code == 0, run.out + run.err
    assert run.summary == "0 scenarios passed, 0 failed, 1 skipped"
    assert (
        "truestep: skipped features/moody.feature:3: "
        "this scenario looks into redis of a deployed application: no URL says where it is\n"
        "  Looked at: the setting redis.url\n"
        "  Try: give it: -D redis.url=…\n"
    ) in run.err
