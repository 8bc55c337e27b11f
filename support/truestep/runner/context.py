"""behave's context, watched: what steps, hooks and cleanups raise is seen, and nothing is lost."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import currentframe
from traceback import FrameSummary
from typing import Any, Protocol

import behave
from behave.runner import Context, ContextMaskWarning, ContextMode

from truestep.errors import EndedEarlyError, StepUsageError
from truestep.signals import Interruptions

_BEHAVE, _USER = ContextMode.BEHAVE, ContextMode.USER
_BY_BEHAVE = FrameSummary(behave.__file__, 1, "behave", lookup_line=False, line="")


class Watcher(Protocol):
    """Who is told what happens in a context."""

    interruptions: Interruptions
    interruptible: bool

    def code_raised(self, error: BaseException) -> None:
        """A step or a hook has raised."""

    def cleaning_up(self, layer: str) -> None:
        """The cleanups of a layer are about to run: testrun, feature, rule or scenario."""

    def cleaned_up(self, layer: str, errors: list[BaseException]) -> None:
        """The cleanups of a layer have run."""

    def attached(self, media_type: str, data: bytes) -> bool:
        """A step or hook has attached data; tells whether formatters can take it, too."""


class WatchedContext(Context):  # type: ignore[misc]  # behave has no types
    """The context of a run by our runner.

    Args:
        runner: behave's runner.
        watcher: who is told.
    """

    _mode: ContextMode

    def __init__(self, runner: Any, watcher: Watcher) -> None:
        super().__init__(runner)
        self._watcher = watcher

    def attach(self, mime_type: str, data: bytes) -> None:
        """Keeps data with the step that runs; in a hook, with the scenario or the run.

        Raises:
            StepUsageError: it is neither bytes, or like them, nor text.
        """
        data = _as_bytes(data)
        # behave's JSON formatter raises where no step runs.
        if self._watcher.attached(mime_type, data):
            super().attach(mime_type, data)

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] == "_":
            self.__dict__[name] = value
            return
        known = self.__dict__
        mode, origins, stack = known["_mode"], known["_origin"], known["_stack"]
        by_behave = mode is _BEHAVE
        if by_behave:
            masks = origins.get(name, _BEHAVE) is not _BEHAVE
        else:
            masks = any(name in frame for frame in stack[1:])
        if masks:
            # It warns.
            super().__setattr__(name, value)
        # For that warning behave reads each time the line of source that sets something: also in
        # its own code, several times for each step.
        known["_record"][name] = _BY_BEHAVE if by_behave else _setter()
        origins.setdefault(name, mode)
        stack[0][name] = value

    @contextmanager
    def use_with_user_mode(self) -> Iterator[None]:
        """Runs a step or a hook; only here may a signal interrupt."""
        # One manager for what would be three: it is entered for each step.
        watcher, interruptions = self._watcher, self._watcher.interruptions
        mode, may_interrupt = self._mode, interruptions.may_interrupt
        try:
            self._mode = _USER
            if watcher.interruptible:
                interruptions.allow()
            yield
        except SystemExit as exited:
            # behave would end here, with this code, as if nothing else were to be done.
            error = _ended(f"sys.exit({exited.code!r}) was called")
            watcher.code_raised(error)
            raise error from exited
        except BaseException as error:
            watcher.code_raised(error)
            raise
        finally:
            self._mode, interruptions.may_interrupt = mode, may_interrupt

    def _emit_warning(self, attr: str, params: Any) -> None:
        if self._mode is not _USER:
            super()._emit_warning(attr, params)
            return
        # As behave would, but for the line: there is one call more between it and the user's.
        by_user = self._origin[attr] is _USER
        if not by_user or self._config.verbose:
            whose = "an outer layer" if by_user else "behave"
            text = f"context.{attr} hides the one that {whose} has set"
            warnings.warn(text, ContextMaskWarning, stacklevel=4)

    def _pop(self, capture_sink: Any = None) -> None:
        if self._stack[0]["@cleanups"]:
            super()._pop(capture_sink=capture_sink)
            return
        # behave would capture what nothing prints, at the cost of a step.
        try:
            self._do_cleanups()
        finally:
            del self._stack[0]

    def _do_cleanups(self) -> None:
        frame = self._stack[0]
        layer, cleanups = frame.get("@layer"), frame["@cleanups"]
        # A layer of the user's own, or one with nothing to clean up.
        if layer is None or not (cleanups or layer == "scenario"):
            super()._do_cleanups()
            return
        errors: list[BaseException] = []
        frame["@cleanups"] = [_noting(cleanup, errors) for cleanup in cleanups]
        self._watcher.cleaning_up(layer)
        try:
            if cleanups:
                super()._do_cleanups()
        finally:
            self._watcher.cleaned_up(layer, errors if self.fail_on_cleanup_errors else [])


def _as_bytes(data: Any) -> bytes:
    """Returns what a step attaches, which behave itself takes as it comes."""
    if isinstance(data, str):
        return data.encode(errors="backslashreplace")
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise StepUsageError(
        "this cannot be attached",
        seen=f"it is of the type {type(data).__name__}",
        looked="the second argument of context.attach",
        remedy="give bytes, or text",
    )


def _setter() -> FrameSummary:
    """Where the code is that sets an attribute of the context; its line is read when asked for."""
    frame: Any = currentframe()
    setter = frame.f_back.f_back
    code = setter.f_code
    return FrameSummary(code.co_filename, setter.f_lineno, code.co_name, lookup_line=False)


def _noting(cleanup: Callable[[], None], errors: list[BaseException]) -> Callable[[], None]:
    @wraps(cleanup)
    def noted() -> None:
        try:
            cleanup()
        except Exception as error:
            errors.append(error)
            raise
        except (KeyboardInterrupt, SystemExit) as error:
            # behave would leave the other cleanups undone.
            ended = _ended(f"{type(error).__name__}({error})")
            errors.append(ended)
            raise ended from error

    return noted


def _ended(seen: str) -> EndedEarlyError:
    return EndedEarlyError(
        "this code was ended before it was done",
        seen=seen,
        looked="the step, hook or cleanup that ran",
        remedy="raise an AssertionError where an expectation fails; send a signal only once",
    )
