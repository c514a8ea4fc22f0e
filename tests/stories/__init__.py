"""Whole stories of a data scientist and a data owner, told over HTTP to the real line."""
