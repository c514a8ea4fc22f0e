"""The process around the polls: loop, signals, log, systemd."""
