"""Reset isolation on PostgreSQL: one database that an application keeps, emptied each time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812  # it is a class

from truestep.errors import ResetRefusedError, ServiceError
from truestep.polling import scaled
from truestep.services.base import Endpoint, SharedPlace
from truestep.services.postgres.blockers import find_blockers
from truestep.services.postgres.catalog import Catalog, read_catalog
from truestep.services.postgres.client import PostgresClient
from truestep.services.postgres.contents import Baseline, fill, look, take_baseline
from truestep.services.postgres.databases import Databases
from truestep.services.postgres.url import with_database

_LOCKED_WITHIN_S = 2.0
# The server cuts longer names without a word.
_LONGEST_NAME = 63
