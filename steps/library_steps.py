"""Loads Truestep's ready-made steps next to the project's own."""

from truestep.steps import clock, http, kafka, postgres, redis

__all__ = ["clock", "http", "kafka", "postgres", "redis"]
