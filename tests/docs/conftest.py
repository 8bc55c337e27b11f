"""A fresh clone in which `make specs` has run, shared by the tests that follow the docs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.clone import NO_DOCKER, Clone, Done


@dataclass(frozen=True)
class Fresh:
    """The clone, and how `make specs` went in it."""

    clone: Clone
    make_specs: Done


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Nothing but Python and make: a virtual environment of its own, no Docker."""
    clone = Clone.into(tmp_path_factory.mktemp("fresh") / "truestep")
    return Fresh(clone, clone.run("make specs", NO_DOCKER))
