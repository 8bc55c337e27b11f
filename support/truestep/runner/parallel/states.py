"""How parts of behave's model ended: taken where they ran, put into the model that reports."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from behave.model_type import Status

from truestep.errors import WorkerDiedError


@dataclass(frozen=True)
class StepState:
    """How a step ended."""

    status: str
    duration: float
    error_message: str | None
    exception: SentError | None
    hook_failed: bool
    captured: Any

    @classmethod
    def of(cls, step: Any) -> StepState:
        """Takes it from behave's step."""
        return cls(
            step.status.name,
            step.duration,
            _text(step.error_message),
            SentError.of(step.exception),
            step.hook_failed,
            _output(step),
        )

    def put(self, step: Any) -> None:
        """Puts it into behave's step."""
        step.status = Status.from_name(self.status)
        step.duration = self.duration
        _put_error(step, self)


@dataclass(frozen=True)
class ScenarioState:
    """How a scenario ended, with its steps."""

    status: str
    error_message: str | None
    exception: SentError | None
    hook_failed: bool
    captured: Any
    should_skip: bool
    skip_reason: str | None
    steps: tuple[StepState, ...]

    @classmethod
    def of(cls, scenario: Any) -> ScenarioState:
        """Takes it from behave's scenario."""
        return cls(
            scenario.status.name,
            _text(scenario.error_message),
            SentError.of(scenario.exception),
            scenario.hook_failed,
            _output(scenario),
            scenario.should_skip,
            _text(scenario.skip_reason),
            tuple(StepState.of(step) for step in scenario.all_steps),
        )

    @property
    def has_failed(self) -> bool:
        """Whether the run fails by it."""
        return bool(Status.from_name(self.status).has_failed())

    def put(self, scenario: Any) -> None:
        """Puts it into behave's scenario."""
        for state, step in zip(self.steps, scenario.all_steps, strict=True):
            state.put(step)
        scenario.should_skip = self.should_skip
        scenario.skip_reason = self.skip_reason
        _put_error(scenario, self)
        scenario.set_status(Status.from_name(self.status))


@dataclass(frozen=True)
class ContainerState:
    """What went wrong around the scenarios of a feature or a rule."""

    error_message: str | None
    exception: SentError | None
    hook_failed: bool
    cleanup_failed: bool
    captured: Any

    @classmethod
    def of(cls, container: Any) -> ContainerState:
        """Takes it from behave's feature or rule, when that has run."""
        return cls(
            _text(container.error_message),
            SentError.of(container.exception),
            container.hook_failed,
            container.status is Status.cleanup_error,
            _output(container),
        )

    @classmethod
    def broken_off(cls, what: str) -> ContainerState:
        """Returns that of one in whose hooks a worker died; `what` says how."""
        error = SentError(WorkerDiedError.__name__, what, None)
        return cls(what, error, hook_failed=True, cleanup_failed=False, captured=None)

    def put(self, container: Any) -> None:
        """Puts it into behave's feature or rule.

        What another worker had there is kept, too; what is the same for both is told once.
        """
        container.hook_failed |= self.hook_failed
        if self.exception is not None and container.exception is None:
            container.exception = self.exception.error()
        if self.error_message and self.error_message != container.error_message:
            told = (container.error_message, self.error_message)
            container.error_message = "\n".join(text for text in told if text)
        if self.captured is not None:
            known = {_pieces(one) for one in container.captured.captures}
            for one in self.captured.captures:
                if _pieces(one) not in known:
                    container.captured.add_captured(one, use_merge=False)


def _pieces(captured: Any) -> tuple[str, ...]:
    return captured.name, captured.stdout, captured.stderr, captured.log


@dataclass(frozen=True)
class SentError:
    """An exception as it can be sent; of one that cannot, its class's name and its text remain."""

    name: str
    text: str
    pickled: bytes | None

    @classmethod
    def of(cls, error: BaseException | None) -> SentError | None:
        """Takes what can be sent."""
        if error is None:
            return None
        try:
            pickled: bytes | None = pickle.dumps(error)
            # An exception whose arguments are not those of its constructor fails only here.
            pickle.loads(pickled or b"")  # noqa: S301  # made a line above
        except Exception:  # noqa: BLE001  # whatever its class does when it is pickled
            pickled = None
        return cls(type(error).__name__, str(error), pickled)

    def error(self) -> BaseException:
        """Returns it, or one of that name and text."""
        kind: type[Exception] = type(self.name, (Exception,), {})
        error: BaseException = kind(self.text)
        if self.pickled is not None:
            # Its class may be of a module that only the worker found.
            with contextlib.suppress(Exception):
                error = pickle.loads(self.pickled)  # noqa: S301  # by our own process
        return error


def _put_error(statement: Any, state: StepState | ScenarioState) -> None:
    statement.error_message = state.error_message
    statement.exception = state.exception.error() if state.exception else None
    statement.hook_failed = state.hook_failed
    statement.captured.reset()
    if state.captured is not None:
        statement.captured.add_captured(state.captured)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _output(statement: Any) -> Any:
    captured = statement.captured
    return captured if captured.has_output() else None


def broken_off(scenario: Any, calls: Sequence[tuple[str, Any]], what: str) -> ScenarioState:
    """Returns how a scenario ended whose worker died: the step that ran in error, others skipped.

    Args:
        scenario: behave's, in which nothing has run.
        calls: what formatters would have been told by then.
        what: how the worker died.
    """
    passed = {number for name, number in calls if name == "result"}
    running = next((n for name, n in calls if name == "match" and n not in passed), None)
    error = SentError(WorkerDiedError.__name__, what, None)

    def step_state(number: int) -> StepState:
        if number == running:
            return StepState("error", 0.0, what, error, False, None)
        status = "passed" if number in passed else "skipped"
        return StepState(status, 0.0, None, None, False, None)

    steps = tuple(step_state(number) for number in range(len(list(scenario.all_steps))))
    # Not in a step: in a hook or a cleanup.
    in_hook = running is None
    message = what if in_hook else None
    return ScenarioState(
        "hook_error" if in_hook else "error",
        message,
        error if in_hook else None,
        in_hook,
        None,
        should_skip=False,
        skip_reason=None,
        steps=steps,
    )
