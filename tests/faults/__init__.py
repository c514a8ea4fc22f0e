"""Faults injected into real processes: nothing is lost, nothing comes twice outside the one stated window."""
