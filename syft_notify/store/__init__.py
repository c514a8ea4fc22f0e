"""The durable memory: what was seen, what is pending, what was sent."""
