"""How much is measured: everything, or as little as shows that the measurements work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes of the worlds. `crowd` is peers, jobs on disk, and how many of these are live."""

    peers: tuple[int, ...] = (1, 10, 100, 1_000, 5_000)
    latencies_ms: tuple[int, ...] = (0, 100)
    bursts: tuple[int, ...] = (1, 10, 100, 1_000)
    burst_peers: int = 100
    jobs: tuple[int, ...] = (10, 1_000, 10_000, 100_000)
    crowd: tuple[int, int, int] = (1_000, 10_000, 100)
    settled: tuple[int, ...] = (100, 10_000)
    deliveries: int = 25
    polls: int = 10_000
    polling_seconds: float = 600
    starts: int = 15


FULL = Scale()
QUICK = Scale(
    peers=(1,),
    latencies_ms=(0,),
    bursts=(2,),
    burst_peers=2,
    jobs=(10,),
    crowd=(2, 20, 5),
    settled=(20,),
    deliveries=2,
    polls=20,
    polling_seconds=5,
    starts=1,
)
