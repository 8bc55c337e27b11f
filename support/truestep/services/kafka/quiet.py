"""Keeps what kafka-python logs about our own clients off the user's console."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(client_id: str) -> Iterator[None]:
    """Drops the log records of the clients whose id contains `client_id`, and no others.

    kafka-python logs each failed try as a warning or an error, and while a broker starts, failing
    is normal. Its clients work in threads that are named after them.
    """

    def of_others(record: logging.LogRecord) -> bool:
        return client_id not in (record.threadName or "")

    # A filter on a logger does not see the records of its children, so each one gets it.
    import kafka  # noqa: F401  # makes the loggers

    names = [name for name in logging.root.manager.loggerDict if name.startswith("kafka.")]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(of_others)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_others)
