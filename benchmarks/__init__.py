"""Measurements of what watching costs, each beside a naive notifier; they assert nothing about time."""
