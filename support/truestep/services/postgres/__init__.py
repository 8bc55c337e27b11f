"""PostgreSQL: a database of its own for each scenario, cloned from a template."""
