"""What `doctor` finds out: whether all that a watchman needs is there and good. Writes nothing, sends nothing."""
