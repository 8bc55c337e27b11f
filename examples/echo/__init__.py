"""A tiny application over HTTP that features/library/http.feature talks to."""
