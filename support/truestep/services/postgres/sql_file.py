"""Running a file of SQL statements."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import TruestepError, nearest

# What pg_dump writes around a dump for psql alone.
_FOR_PSQL = re.compile(r"^\\(un)?restrict\b.*$", re.MULTILINE)


def run_sql_file(
    connection: Connection, root: Path, path: Path, *, error_type: type[TruestepError]
) -> None:
    """Runs all statements of a file and commits; after an error none of them has happened.

    Args:
        connection: with no transaction open.
        root: the folder that `path` starts from.
        path: the file, in UTF-8.
        error_type: what to raise when the file cannot be read or the server refuses a statement.
    """
    text = read_sql_file(root, path, error_type)
    run_sql(connection, text, root / path, path, error_type)


def run_sql(
    connection: Connection, text: str, full: Path, path: Path, error_type: type[TruestepError]
) -> None:
    """Runs what `read_sql_file` has read of the file `full`, as `run_sql_file` does."""
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(text)
    except psycopg2.Error as error:
        if connection.closed:
            raise
        position = error.diag.statement_position
        line = text.count("\n", 0, int(position) - 1) + 1 if position else None
        raise error_type(
            f"the SQL file {path} could not be run",
            seen=error.diag.message_primary or str(error).strip(),
            looked=f"line {line} of {full}" if line else str(full),
            remedy="mend that statement; the file has to run in psql on an empty database too",
        ) from error


def read_sql_file(root: Path, path: Path, error_type: type[TruestepError]) -> str:
    """Returns the statements of a file, in UTF-8, without what is for psql alone."""
    full = root / path
    try:
        return _FOR_PSQL.sub("", full.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        beside = [file.name for file in full.parent.glob("*.sql")]
        like = nearest(full.name, beside, cutoff=0.5)
        near = f"; the nearest is {path.with_name(like)}" if like and like != full.name else ""
        raise error_type(
            f"the SQL file {path} cannot be read",
            seen=f"{getattr(error, 'strerror', None) or error}{near}",
            looked=str(full),
            remedy="correct the path: it starts from the folder that behave runs in",
        ) from error
