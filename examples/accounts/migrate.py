"""Brings the database's schema up to date."""

from __future__ import annotations

from pathlib import Path

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(database_url: str) -> None:
    """Applies the migrations that the database does not have yet, in one transaction.

    Raises:
        sqlalchemy.exc.DBAPIError: one of them fails, or the database cannot be reached.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
