"""The process around the poll: the loop and the lock."""
