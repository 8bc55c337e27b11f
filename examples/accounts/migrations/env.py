"""Runs the migrations: for the service as it starts, and for `alembic` on the command line."""  # noqa: INP001  # alembic loads it by its path

from __future__ import annotations

import os

import psycopg2
from alembic import context
from sqlalchemy import NullPool, create_engine, text

# Any number that no other program takes on this database.
_LOCK = 7_240_119


def run() -> None:
    """Applies what is missing. Of several instances that start at once, one does it."""
    url = context.config.attributes.get("database_url") or os.environ["DATABASE_URL"]
    # The URL is psycopg2's, as everywhere in the service.
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=lambda: psycopg2.connect(url, application_name="accounts migration"),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            context.run_migrations()


run()
