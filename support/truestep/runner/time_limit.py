"""How long a scenario may take: what hangs is interrupted, and where it hung is kept."""

from __future__ import annotations

import faulthandler
import signal
from pathlib import Path
from types import FrameType
from typing import TextIO

from truestep.errors import ScenarioTimeoutError
from truestep.signals import Interruptions

# The watchdog's thread writes the stacks; until then the hanging code must still be there.
_STACKS_TAKE_S = 0.1
_AGAIN_AFTER_S = 0.05


class TimeLimit:
    """Watches one scenario after the other, in the main thread.

    A step, or a hook that comes before, is interrupted. What cleans up is not; whoever watches this
    process may kill it then.

    Args:
        interruptions: of the run; they know what may be interrupted.
        stacks: the file for the stack of every thread.
    """

    def __init__(self, interruptions: Interruptions, stacks: Path) -> None:
        self._interruptions = interruptions
        self._stacks = stacks
        self._file: TextIO | None = None
        self._limit_s = 0.0
        self._where = ""

    def start(self, limit_s: float, where: str) -> None:
        """The scenario at `where` may take that long from now on."""
        self._limit_s, self._where = limit_s, where
        signal.signal(signal.SIGALRM, self._over)
        # Closed by `stop`: the watchdog writes into it whatever becomes of this thread.
        self._file = self._stacks.open("w")
        faulthandler.dump_traceback_later(limit_s, file=self._file)
        signal.setitimer(signal.ITIMER_REAL, limit_s + _STACKS_TAKE_S)

    def stop(self) -> None:
        """It has ended."""
        if self._file is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            self._file.close()
            self._file = None

    def stacks_of(self, error: BaseException) -> bytes | None:
        """Returns where every thread was, for the error that says that time was over."""
        return self._stacks.read_bytes() if isinstance(error, ScenarioTimeoutError) else None

    def _over(self, _number: int, _frame: FrameType | None) -> None:
        if self._file is None:
            return
        if not self._interruptions.may_interrupt:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER_S)
            return
        limit = f"{self._limit_s:g} s"
        raise ScenarioTimeoutError(
            "the scenario took longer than it may",
            seen=f"it was not done after {limit}, and was interrupted",
            looked=f"{self._where}; the stack of every thread is attached",
            remedy=f"find out what it waits for, or allow more than {limit}: @timeout(SECONDS)",
        )
