"""What a person set, and the files that we use."""
