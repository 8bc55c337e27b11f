"""Keeps what kafka-python logs about our own clients off the user's console."""

from __future__ import annotations

import logging

# kafka-python's clients work in threads that are named after them.
OWN_CLIENT = "truestep-"


def mute_own_clients() -> None:
    """Drops the log records of clients whose id begins with `OWN_CLIENT`, and no others.

    kafka-python logs each failed try as a warning or an error; while a broker starts, or when it
    has died, that says nothing that is not said better elsewhere.
    """
    import kafka  # noqa: F401  # makes the loggers

    # A filter on a logger does not see the records of its children, so each one gets it; none
    # gets it twice.
    for name in logging.root.manager.loggerDict:
        if name.startswith("kafka."):
            logging.getLogger(name).addFilter(_of_others)


def _of_others(record: logging.LogRecord) -> bool:
    return OWN_CLIENT not in (record.threadName or "")
