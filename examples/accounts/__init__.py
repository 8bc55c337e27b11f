"""A service of user accounts: HTTP in front, PostgreSQL, Redis and Kafka behind."""
