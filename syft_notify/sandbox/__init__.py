"""A local Google on loopback, for the demo and the tests."""

from syft_notify.sandbox.faults import Injected
from syft_notify.sandbox.sandbox import Sandbox

__all__ = ["Injected", "Sandbox"]
