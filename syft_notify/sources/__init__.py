"""What looks for events: `observe` reads, `detect` decides."""
