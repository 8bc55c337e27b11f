"""Truestep: acceptance specs in plain language against real PostgreSQL, Redis and Kafka."""

__version__ = "0.1.0"
