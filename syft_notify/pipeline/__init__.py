"""The line from event to delivered mail."""
