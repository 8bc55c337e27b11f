"""Fixtures for tests that run behave on sample projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project


@pytest.fixture
def notes(tmp_path: Path) -> Project:
    """The sample project `notes`: one scenario with PostgreSQL, one with Redis."""
    return Project.of("notes", tmp_path)
