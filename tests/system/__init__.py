"""The real program as processes: exit codes, signals, locks."""
