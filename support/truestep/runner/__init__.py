"""The runner: behave's own, with a record of the run and honest outcomes.

`runner = truestep.runner:Runner` in the section `[behave]` of behave.ini. It works for any behave
project, with Truestep's hooks and without.
"""

from __future__ import annotations

from truestep.collector import uncollected

with uncollected():
    from truestep.runner.runner import Runner

__all__ = ["Runner"]
