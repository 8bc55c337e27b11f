"""Redis, or Valkey: caches and their expiry."""
