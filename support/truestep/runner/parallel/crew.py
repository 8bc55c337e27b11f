"""The parent's side of the workers: hires them, hears them, replaces who dies."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from truestep.errors import WorkerDiedError
from truestep.polling import scaled
from truestep.runner.outcomes import Around
from truestep.runner.parallel.assignments import Assignments
from truestep.runner.parallel.gathered import Gathered
from truestep.runner.parallel.progress import Progress
from truestep.runner.parallel.seat import Seat
from truestep.runner.parallel.tally import Tally
from truestep.runner.parallel.wire import Began, Ended, Entered, Part, Result
from truestep.runner.parallel.zygote import Zygote

# A scenario that was interrupted at its time limit cleans up; one that does not is killed.
_CLEANS_UP_WITHIN_S = 10.0
_LOOKS_EVERY_S = 0.25


class Crew:
    """The workers of a run.

    Args:
        zygote: forks them.
        errand: returns what the worker of a number is told.
        size: how many there are at a time.
        gathered: takes what they tell.
        assignments: who runs what.
        tally: of the scenarios.
        progress: shows how far they are.
        died: called with the id of a worker on the services that has died.
        idle: called, once, when there is nothing to do but to wait.
    """

    def __init__(
        self,
        zygote: Zygote,
        errand: Callable[[int], Any],
        size: int,
        *,
        gathered: Gathered,
        assignments: Assignments,
        tally: Tally,
        progress: Progress,
        died: Callable[[str], None],
        idle: Callable[[], None],
    ) -> None:
        self._zygote = zygote
        self._errand = errand
        self.gathered = gathered
        self._seats = gathered.seats
        self._assignments = assignments
        self._tally = tally
        self._died = died
        self._idle: Callable[[], None] | None = idle
        self._progress = progress
        self._count = 0
        self._files: dict[str, Sequence[Path]] = {}
        self.is_interrupted = False
        for _ in range(size):
            self._hire()

    def began(self) -> Began | None:
        """Returns what the first worker told when it had begun; None when none could."""
        began = self.gathered.began
        self._pump(lambda: bool(began))
        return began[0] if began else None

    def result(self, position: int) -> Result | None:
        """Returns what became of a scenario, once that is known; None if it is not run."""
        self._pump(lambda: self._tally.is_known(position))
        return self._tally.results.get(position)

    def entered(
        self, feature: int, rule: int | None, positions: Sequence[int]
    ) -> Sequence[Entered]:
        """Returns what the hooks before a feature or a rule came to, once a first worker knows.

        Args:
            feature: its number.
            rule: that of the rule in the feature; None for the feature itself.
            positions: of the scenarios in there that are to run; if none is run, it is not entered.
        """
        entered = self.gathered.entered[feature, rule]
        self._pump(lambda: bool(entered) or all(map(self._tally.is_known, positions)))
        return entered

    def parts(self, feature: int, rule: int | None) -> Sequence[Part]:
        """Returns how the parts of a feature or a rule ended, once no worker is in the feature."""
        self._pump(lambda: all(feature not in seat.not_left for seat in self._seats))
        return self.gathered.parts[feature, rule]

    def ended(self) -> list[Ended]:
        """Returns what the workers told at their ends, once all have ended."""
        self._pump(lambda: False)
        return self.gathered.ended

    def stop(self) -> None:
        """Nothing more begins; what runs goes on to its end."""
        self._assignments.stop()

    def interrupt(self, number: int) -> None:
        """Interrupts what runs by a signal; hooks and cleanups are done. Safe in its handler."""
        self.is_interrupted = True
        self.stop()
        # One that is still beginning has nothing to interrupt, unless that is what all are at.
        begun = [seat for seat in self._seats if seat.has_begun]
        for seat in begun or self._seats:
            seat.signal(number)

    def kill(self) -> None:
        """Ends all workers at once."""
        self.stop()
        for seat in list(self._seats):
            seat.is_given_up = True
            seat.signal(signal.SIGKILL)
            self._gone(seat)

    def _hire(self) -> None:
        self._count += 1
        errand = self._errand(self._count)
        try:
            pid, connection = self._zygote.fork(errand)
        except WorkerDiedError as error:
            # Those that are there go on.
            self.gathered.died = True
            self.gathered.note(Around.of("a worker process", "", [error]))
            return
        self._files[errand.name] = errand.stack_files
        self._seats.append(Seat(errand.name, pid, connection))

    def _pump(self, is_enough: Callable[[], bool]) -> None:
        """Takes what workers tell until it is enough, or none is left to tell anything."""
        try:
            self._take_until(is_enough)
        finally:
            # Formatters write next.
            self._progress.clear()

    def _take_until(self, is_enough: Callable[[], bool]) -> None:
        while not is_enough():
            self._settle()
            if not self._seats or is_enough():
                return
            self._show_progress()
            ready = wait([seat.connection for seat in self._seats], timeout=_LOOKS_EVERY_S)
            if not ready and self._idle is not None:
                self._idle()
                self._idle = None
            for seat in [one for one in self._seats if one.connection in ready]:
                self._hear(seat)
            self._end_what_hangs()

    def _show_progress(self) -> None:
        results = self._tally.results
        if self.gathered.began:
            self._progress.show(
                done=len(results),
                of=len(self.gathered.began[0].selected),
                running=sum(seat.running is not None for seat in self._seats),
                failed=sum(one.outcome.failed for one in results.values()),
                left_s=self._assignments.left_s(),
            )

    def _settle(self) -> None:
        """Who waits is given what may begin now; what nobody will run is known not to be run."""
        for seat in [one for one in self._seats if one.is_waiting]:
            self._assignments.give(seat)
        is_planned = self._assignments.is_stopped or self.gathered.began
        if not self._seats or (is_planned and self._assignments.is_empty):
            self._tally.give_up(self._tally.unknown() - self.gathered.given())

    def _hear(self, seat: Seat) -> None:
        try:
            messages = seat.connection.recv()
        except (EOFError, OSError):
            # It has ended, perhaps in the middle of a word.
            self._gone(seat)
            return
        for message in messages:
            self.gathered.take(seat, message)

    def _end_what_hangs(self) -> None:
        for seat in self._seats:
            limit_s = seat.running.limit_s if seat.running else None
            if limit_s is not None and seat.has_had(limit_s + scaled(_CLEANS_UP_WITHIN_S)):
                seat.is_overdue = True
                seat.signal(signal.SIGKILL)

    def _gone(self, seat: Seat) -> None:
        """A worker has ended, as it was told or not."""
        code = self._zygote.reap(seat.pid)
        seat.connection.close()
        self._seats.remove(seat)
        stacks = _taken(self._files.pop(seat.name))
        if not seat.has_ended:
            self._has_died(seat, seat.how_it_died(code), stacks)
        self._assignments.gone(seat)
        if not (seat.has_ended or self._assignments.is_empty):
            self._hire()

    def _has_died(self, seat: Seat, what: str, stacks: str) -> None:
        if seat.run_id is not None:
            self._died(seat.run_id)
        if seat.running is not None:
            self.gathered.died_in_scenario(seat, seat.running, what, stacks)
        elif not seat.is_given_up:
            self.gathered.died_outside(seat, what)


def _taken(files: Iterable[Path]) -> str:
    """Returns what is in the files, and removes them."""
    text = ""
    for file in files:
        if file.exists():
            text += file.read_text(errors="replace")
            file.unlink()
    return text
