"""A local Google on loopback, for the demo and the tests."""
