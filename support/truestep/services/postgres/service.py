"""The PostgreSQL service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from truestep.errors import ServiceError, SettingsError, nearest
from truestep.services.base import Endpoint, Isolation, Provider, Service, SharedPlace
from truestep.services.postgres.url import parse_url
from truestep.settings import Backend, Key
from truestep.settings.keys import optional, text

# A refused connection carries no error code, only the server's words. These are not worth another
# try; whatever else it says may be a server that is still starting.
_FINAL = re.compile(
    "authentication failed|does not exist|no pg_hba.conf entry|not permitted to log in"
    "|permission denied|no password supplied|does not support SSL|could not translate host name"
)


def _paths(value: str) -> list[Path]:
    return [Path(part.strip()) for part in value.split(",") if part.strip()]


class PostgresService(Service):
    """PostgreSQL: a database per scenario, cloned from a template that has the schema."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    keys: ClassVar[Mapping[str, Key]] = {
        "url": Key(
            "",
            optional(parse_url),
            "where an external one is: postgresql://user@host:5432/database",
        ),
        "image": Key("postgres:16-alpine", text, "the Docker image"),
        "schema": Key("", _paths, "SQL files, comma-separated, that every scenario's database has"),
    }

    def provider(self, backend: Backend) -> Provider:
        """Returns the provider for `backend`.

        Raises:
            SettingsError: a schema file is missing.
        """
        self._refuse_missing_schema()
        if backend is Backend.DOCKER:
            from truestep.services.postgres.docker import PostgresContainerProvider

            return PostgresContainerProvider(self.values, self.context)
        if backend is Backend.EMBEDDED:
            from truestep.services.postgres.embedded import EmbeddedPostgres

            return EmbeddedPostgres(self.values, self.context)
        from truestep.services.external import ExternalProvider

        return ExternalProvider(self.values["url"])

    def probe(self, endpoint: Endpoint) -> str:
        """Runs a query and returns the server's version: `16.9`."""
        import psycopg2

        try:
            connection = psycopg2.connect(endpoint.url, connect_timeout=5)
        except psycopg2.OperationalError as error:
            if not _FINAL.search(str(error)):
                raise
            raise ServiceError(
                "postgres does not let us in",
                seen=str(error).strip(),
                looked=endpoint.url,
                remedy="check the host, the user, the password and the database in postgres.url",
            ) from None
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SHOW server_version")
                [(version,)] = cursor.fetchall()
        finally:
            connection.close()
        return str(version).split()[0]

    def not_ready(self) -> tuple[type[BaseException], ...]:
        """Returns what connecting to a server that is starting raises."""
        import psycopg2

        return (psycopg2.OperationalError,)

    def isolation(self, endpoint: Endpoint, backend: Backend) -> Isolation:
        """Returns databases that are copies of a template."""
        from truestep.services.postgres.isolation import PrivateDatabases

        return PrivateDatabases(
            endpoint,
            self.context.run_id,
            root=self.context.root,
            schema=self.values["schema"],
            is_ours=backend is not Backend.EXTERNAL,
            to_come=self.to_come,
        )

    def shared_place(self, endpoint: Endpoint, name: str | None, *, may_reset: bool) -> SharedPlace:
        """Returns a database that is made for the application, or the one of the URL."""
        from truestep.services.postgres.reset import SharedDatabase

        return SharedDatabase(endpoint, self.context, name, may_reset=may_reset)

    def _refuse_missing_schema(self) -> None:
        for path in self.values["schema"]:
            full = self.context.root / path
            if full.is_file():
                continue
            folder = full.parent
            beside = [file.name for file in folder.glob("*.sql")] if folder.is_dir() else []
            like = nearest(full.name, beside, cutoff=0.5)
            raise SettingsError(
                f"the schema file {path} of postgres cannot be read",
                seen=f"there is no such file; the nearest is {path.with_name(like)}"
                if like
                else "there is no such file",
                looked=f"{full}, from {self.values.origin('schema')}",
                remedy="correct postgres.schema: paths start from the folder that behave runs in",
            )
