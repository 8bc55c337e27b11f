"""People who sign up: kept in PostgreSQL, announced through Kafka, shown from a Redis cache."""
