"""Hooks that write down what they see, a file for each process; one raises where it is asked to."""

import logging
import os
from pathlib import Path

from behave import fixture, use_fixture
from behave.fixture import use_fixture_by_tag

NOTES = Path("hooks")
LAYERS = ("run", "feature", "rule", "scenario")


def note(context, text):
    """One line: where in the features it is, and what happens there."""
    inside = [getattr(context, layer, None) for layer in ("feature", "rule", "scenario")]
    where = " / ".join("-" if one is None else one.name for one in inside)
    NOTES.mkdir(exist_ok=True)
    with (NOTES / f"{os.getpid()}.txt").open("a") as notes:
        notes.write(f"{where} | {text}\n")


def hook(context, name, statement=None):
    called = getattr(statement, "name", statement) or ""
    seen = " ".join(f"{layer}={getattr(context, f'of_{layer}', '-')}" for layer in LAYERS)
    note(context, f"{name} [{called}] {seen}")
    print(f"printed in {name}")
    userdata = context.config.userdata
    if userdata.get("raise_in") == name and userdata.get("at", called) == called:
        raise RuntimeError(f"trouble in {name}")


def enter(context, layer, statement=None):
    """A value of its own in each layer, and two cleanups, the last added to run first."""
    setattr(context, f"of_{layer}", getattr(statement, "name", "all").replace(" ", "_"))
    context.shadowed = layer
    context.add_cleanup(note, context, f"cleanup 1 of {layer}")
    context.add_cleanup(note, context, f"cleanup 2 of {layer}")


@fixture
def shop(context, place="here"):
    note(context, f"the shop opens {place}")
    context.shop = place
    yield place
    note(context, f"the shop closes {place}")


FIXTURES = {"fixture.shop": shop, "fixture.market": (shop, (), {"place": "market"})}


def before_all(context):
    enter(context, "run")
    hook(context, "before_all")
    context.config.setup_logging()


def before_tag(context, tag):
    hook(context, "before_tag", tag)
    if tag.startswith("fixture."):
        use_fixture_by_tag(tag, context, FIXTURES)


def before_feature(context, feature):
    enter(context, "feature", feature)
    hook(context, "before_feature", feature)
    if "closed" in feature.tags:
        feature.skip("closed today")


def before_rule(context, rule):
    enter(context, "rule", rule)
    hook(context, "before_rule", rule)


def before_scenario(context, scenario):
    enter(context, "scenario", scenario)
    hook(context, "before_scenario", scenario)
    scenario.continue_after_failed_step = "go_on" in scenario.tags
    if "not_today" in scenario.effective_tags:
        scenario.skip("not today")
    if "counted" in scenario.effective_tags:
        use_fixture(shop, context, place="counted")


def before_step(context, step):
    hook(context, "before_step", step)


def after_step(context, step):
    hook(context, "after_step", step)
    note(context, f"{step.status.name} {step.exception!r}")


def after_scenario(context, scenario):
    hook(context, "after_scenario", scenario)
    note(context, f"{scenario.status.name}")
    logging.getLogger("shop").warning("a scenario is over")


def after_rule(context, rule):
    hook(context, "after_rule", rule)


def after_feature(context, feature):
    hook(context, "after_feature", feature)


def after_tag(context, tag):
    hook(context, "after_tag", tag)


def after_all(context):
    hook(context, "after_all")
