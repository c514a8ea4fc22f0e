"""Measurements of what watching costs, each beside a naive watchman; they assert nothing about time."""
