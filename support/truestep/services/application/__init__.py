"""The application under test: a local process, a compose stack, or a URL."""
