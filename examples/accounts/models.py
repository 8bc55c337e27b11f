"""What the service takes and gives, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

# PostgreSQL keeps no NUL in a text.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$"),
]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00.]+$",
    ),
]


class NewUser(BaseModel):
    """A sign-up."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Email


class Rename(BaseModel):
    """A new name for a user."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class User(BaseModel):
    """A user as stored."""

    id: int
    name: str
    email: str
    created_at: datetime


class Health(BaseModel):
    """Whether the service can work, and which of its dependencies keep it from it."""

    status: str
    down: list[str]
