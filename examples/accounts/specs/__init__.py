"""What the specs stand on: the service as its users meet it, and what it leaves behind."""
