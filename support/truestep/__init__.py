"""Truestep: acceptance specs in plain language against real PostgreSQL, Redis and Kafka."""
