"""The man page, and what writes it."""
