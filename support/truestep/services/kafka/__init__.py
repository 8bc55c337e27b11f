"""Kafka: topics of their own for each scenario, and events that can be looked at again."""
