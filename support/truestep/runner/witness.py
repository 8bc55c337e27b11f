"""Gathers the evidence of the scenario that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from behave.model_type import Status

from truestep import evidence
from truestep.evidence import Entry, EvidenceLog, Kind, Snapshot
from truestep.runner.outcomes import headline
from truestep.runner.printed import Printed
from truestep.runner.results import describe
from truestep.services.application.hiding import Hiding
from truestep.steps.kept import fill


class Witness:
    """Follows one scenario after the other; asks the services about one that has failed only.

    Args:
        context: behave's.
        capture: behave's capture controller.
        hide: names whose values nobody may read.
        everything: whether also a scenario that passes keeps its evidence.
    """

    def __init__(
        self, context: Any, capture: Any, *, hide: Iterable[str], everything: bool
    ) -> None:
        self._context = context
        self._capture = capture
        self._hiding = Hiding(hide)
        self._everything = everything
        self._printed = Printed(capture)
        self._log = EvidenceLog()
        self._has_asked = False
        # Found when its first step begins; False: there is none.
        self._scope: Any = None

    def scenario_started(self) -> None:
        """From now on what happens is kept."""
        self._log = EvidenceLog()
        self._scope = None
        self._has_asked = False
        self._printed = Printed(self._capture)
        evidence.keep_in(self._log)

    def step_started(self, step: Any) -> None:
        """A step is about to run."""
        title = f"{step.keyword} {self._filled(step.name)}"
        evidence.note(Kind.STEP, title, lambda: self._detail(step))
        if self._scope is None:
            self._scope = self._found_scope()
        if self._scope:
            self._scope.server_logs.mark()

    def step_finished(self, step: Any, errors: Iterable[BaseException]) -> None:
        """A step has run; when it has failed, its services are asked at once."""
        self._printed.note()
        if errors or step.status is not Status.passed:
            self.raised(errors)
            if step.status.has_failed():
                self._ask()

    def raised(self, errors: Iterable[BaseException]) -> None:
        """A step, a hook or a cleanup of the scenario has raised."""
        for error in errors:
            evidence.note(Kind.ERROR, f"{type(error).__name__}: {headline(error)}", str(error))

    def scenario_ends(self, *, failed: bool) -> None:
        """The scenario's hooks are done; its places are about to be taken away."""
        if failed or self._everything:
            self._ask()

    def scenario_ended(self, *, failed: bool) -> bytes | None:
        """Returns the evidence, as JSON, if it is to be kept."""
        evidence.keep_in(None)
        if not (failed or self._everything):
            return None
        for entry in self._printed.logged():
            self._log.add(entry)
        return self._log.json(self._hiding.anywhere)

    def _ask(self) -> None:
        scope = self._found_scope()
        if self._has_asked or not scope:
            return
        self._has_asked = True
        # The logs first: servers log what they are asked.
        for name, ask in (*scope.server_logs.snapshots(), *scope.snapshots()):
            self._take(name, ask)

    def _take(self, name: str, ask: Callable[[], Snapshot]) -> None:
        try:
            snapshot = ask()
        except Exception as error:  # noqa: BLE001  # whatever it is, the scenario has failed before
            self._log.add(
                Entry(
                    Kind.ERROR,
                    f"{name} could not be asked for evidence: {describe(error)}",
                    at=datetime.now(UTC),
                )
            )
        else:
            # What is found to be secret is hidden from now on, also in the error's own text.
            self._log.take(name, snapshot, self._hiding.anywhere)

    def _found_scope(self) -> Any:
        # A project without our hooks has none, or one of its own.
        scope = getattr(self._context, "scope", None)
        return scope if hasattr(scope, "server_logs") else False

    def _detail(self, step: Any) -> str:
        lines = [f"{step.status.name} in {step.duration:.3f} s"]
        if step.table is not None:
            rows = [step.table.headings, *(row.cells for row in step.table.rows)]
            lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
        if step.text is not None:
            lines += ['"""', str(step.text), '"""']
        return self._filled("\n".join(lines))

    def _filled(self, text: str) -> str:
        return fill(self._context, text) if "<" in text and "kept" in self._context else text
