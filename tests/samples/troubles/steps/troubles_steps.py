import signal
import threading

import psutil
from behave import given, then, when
from behave.api.pending_step import StepNotImplementedError
from truestep.errors import ServiceError

INTERRUPTED_WITHIN_S = 30


@given("all is well")
@given("{number:d} books are on the shelf")
@given("these books are on the shelf")
@when("a book is borrowed")
def passes(context, number=0):
    print(f"there are {number} books")


@when("the shelf is looked at")
def attaches(context):
    context.attach("text/plain", b"an empty shelf")


@then("{number:d} books are left")
def fails(context, number):
    print("counting the books")
    assert number == 2, f"Expected: <{number}>\n     but: was <2>"


@then("the reader is told")
def told(context):
    pass


@when("the shelf breaks")
def errors(context):
    raise ValueError("the shelf broke")


@when("the service dies")
def dies(context):
    raise ServiceError(
        "redis (embedded) died during the run",
        seen="killed by SIGKILL",
        looked="its last log lines:\nReady to accept connections",
        remedy="find in the log why it died; later scenarios that need it fail too",
    )


@when("nobody knows how")
def pending(context):
    raise StepNotImplementedError("not yet")


@when("the scenario is skipped")
def skips(context):
    context.scenario.skip("no shelf here")


@when("the run is ended by {name}")
def ended(context, name):
    run = psutil.Process()
    # A worker was forked by a process that the run has forked; all three have its command line.
    while "behave" in run.parent().cmdline():
        run = run.parent()
    run.send_signal(getattr(signal, name))
    threading.Event().wait(INTERRUPTED_WITHIN_S)
    raise AssertionError("the signal did not interrupt the step")


@when("the interpreter is left")
def leaves(context):
    raise SystemExit(0)
