"""Which hooks run when a run is being ended: nothing begins any more, and what began is ended."""

from __future__ import annotations

from typing import Any


class Entered:
    """The run, features, rules, scenarios and tags whose hooks have run, and not yet ended."""

    def __init__(self) -> None:
        self._entered: set[tuple[str, int]] = set()

    def runs(self, hook_name: str, statement: Any, *, is_ending: bool) -> bool:
        """Tells whether a hook is to run.

        Args:
            hook_name: `before_…` or `after_…`.
            statement: behave's feature, rule or scenario that it is about; None for the run.
            is_ending: whether the run is being ended.
        """
        when, _, kind = hook_name.partition("_")
        key = kind, id(statement)
        if when == "before":
            if is_ending:
                return False
            self._entered.add(key)
            return True
        began = key in self._entered
        # Only once, also when something breaks through the run after that.
        self._entered.discard(key)
        return began
