"""Hooks that raise where -D raise_in=… says so, and count what they did in hooks.txt."""

import os
import signal

from truestep.errors import ServiceError


def trouble(context, hook, statement=None):
    with open("hooks.txt", "a") as notes:
        notes.write(f"{hook} {getattr(statement, 'name', statement) or ''}".strip() + "\n")
    userdata = context.config.userdata
    name = str(getattr(statement, "name", statement))
    if userdata.get("raise_in") == hook and userdata.get("at", name) == name:
        kind = userdata.get("kind", "")
        if kind.startswith("SIG"):
            for name in kind.split(","):
                os.kill(os.getpid(), getattr(signal, name))
            return
        if kind == "service":
            raise ServiceError(
                "redis (embedded) was not ready after 60 s",
                seen="exited with code 1",
                looked="its last log lines",
                remedy="mend what the log says",
            )
        raise RuntimeError(f"trouble in {hook}")


def cleaned(context, level, statement=None):
    context.add_cleanup(trouble, context, f"cleanup of {level}", statement)


def before_all(context):
    cleaned(context, "run")
    trouble(context, "before_all")


def before_tag(context, tag):
    trouble(context, "before_tag", tag)


def before_feature(context, feature):
    cleaned(context, "feature", feature)
    trouble(context, "before_feature", feature)


def before_rule(context, rule):
    cleaned(context, "rule", rule)
    trouble(context, "before_rule", rule)


def before_scenario(context, scenario):
    cleaned(context, "scenario", scenario)
    trouble(context, "before_scenario", scenario)
    if "not_today" in scenario.tags:
        scenario.skip("not today")


def before_step(context, step):
    trouble(context, "before_step", step)


def after_step(context, step):
    trouble(context, "after_step", step)


def after_scenario(context, scenario):
    trouble(context, "after_scenario", scenario)


def after_rule(context, rule):
    trouble(context, "after_rule", rule)


def after_feature(context, feature):
    trouble(context, "after_feature", feature)


def after_tag(context, tag):
    trouble(context, "after_tag", tag)


def after_all(context):
    trouble(context, "after_all")
