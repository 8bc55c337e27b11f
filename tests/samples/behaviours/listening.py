"""A formatter that writes down what it is told, call by call, with all that formatters may use."""

from behave.formatter.base import Formatter


class Calls(Formatter):
    name = "calls"
    description = "every call"

    def __init__(self, stream_opener, config):
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self.feature_now = None
        self.scenario_now = None

    def note(self, call, *words):
        self.stream.write(" ".join([call, *map(str, words)]) + "\n")

    def uri(self, uri):
        self.note("uri", uri)

    def feature(self, feature):
        self.feature_now = feature
        self.note("feature", feature.name, feature.location, sorted(feature.tags), feature.status)

    def rule(self, rule):
        self.note("rule", rule.name, rule.location, sorted(rule.effective_tags), rule.status)

    def background(self, background):
        self.note("background", background.name, background.location)

    def scenario(self, scenario):
        self.end_scenario()
        self.scenario_now = scenario
        self.note(
            "scenario",
            scenario.name,
            scenario.location,
            sorted(scenario.effective_tags),
            scenario.status,
            scenario.feature is self.feature_now,
        )

    def end_scenario(self):
        if self.scenario_now is not None:
            one = self.scenario_now
            self.note("ended", one.name, one.status, one.error_message, one.duration > 0)
            self.note("captured", repr(one.captured.make_output() if one.captured else None))
            for step in one.all_steps:
                self.note("-", step.name, step.status, step.hook_failed, step.duration > 0)
        self.scenario_now = None

    def step(self, step):
        known = any(step is one for one in self.scenario_now.all_steps)
        self.note("step", step.keyword, step.step_type, step.name, step.location, known)

    def match(self, match):
        found = [(one.name, one.original, one.value) for one in match.arguments or ()]
        self.note("match", match.location, found)

    def result(self, step):
        table = step.table and [list(row) for row in step.table]
        error = type(step.exception).__name__, step.error_message
        self.note("result", step.name, step.status, step.duration > 0, error, table, step.text)

    def embedding(self, mime_type, data, caption=None):
        self.note("embedding", mime_type, data, caption)

    def eof(self):
        self.end_scenario()
        one = self.feature_now
        self.note("eof", one.name, one.status, one.hook_failed, one.duration > 0)
        for rule in getattr(one, "rules", ()):
            self.note("- rule", rule.name, rule.status)

    def close(self):
        self.note("close")
        self.close_stream()
