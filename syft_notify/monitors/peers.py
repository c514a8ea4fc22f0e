"""Looks for peers: who asks to work with the owner, and whom the owner granted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syft_notify.errors import TransientFault
from syft_notify.model import Decision, Event, Kind, Observation, PeerFacts
from syft_notify.monitors.survey import PEERS_FILE, REJECTED, PeerFolder, Surveyor, event_time
from syft_notify.ports import LocalJobs, Memory

PART = "peers"


@dataclass(frozen=True)
class PeerObservation(Observation):
    """The DSs that have folders here, what the owner said to each, and who counts as accepted."""

    peers: Mapping[str, PeerFolder] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()


class PeerMonitor:
    """Peer requested, peer granted. Peers are counted, not their folders; one that vanishes and returns is no news."""

    name = "peers"

    def __init__(self, surveyor: Surveyor, local: LocalJobs, do_email: str) -> None:
        self._surveyor = surveyor
        self._local = local
        self._me = do_email

    def observe(self, memory: Memory) -> PeerObservation:
        """Look at the folders and the peers file.

        Raises `Fault` when the file cannot be read: without it an accepted peer would look like one that asks.
        """
        survey = self._surveyor.survey()
        if survey.peers_problem:
            raise TransientFault(survey.peers_problem, f"Peers are looked at again when {PEERS_FILE} can be read")
        return PeerObservation(
            problems=() if survey.complete else ("Drive did not list all folders",),
            parts=(PART,) if survey.complete else (),
            peers=survey.peers(),
            states=survey.states,
            accepted=survey.accepted(self._local.accepted_peers()),
        )

    def detect(self, observation: PeerObservation, memory: Memory, now: datetime) -> Sequence[Event]:
        """Open requests are always told. A grant that was there before our first look belongs to the past."""
        quiet = not memory.started(PART)
        requested = [
            self._requested(peer, folder, now)
            for peer, folder in observation.peers.items()
            if peer not in observation.accepted and observation.states.get(peer) != REJECTED
        ]
        versions = {peer: folder.name.version for peer, folder in observation.peers.items()}
        granted = [
            self.granted(peer, now, version=versions.get(peer, ""), quiet=quiet)
            for peer in sorted(observation.accepted)
        ]
        return [event for event in (*requested, *granted) if not memory.seen(event.key)]

    def _requested(self, peer: str, folder: PeerFolder, now: datetime) -> Event:
        facts = PeerFacts(self._me, peer, folder.name.version)
        return Event(f"peer:{peer}:requested", Kind.PEER_REQUESTED, event_time(folder.file, now), facts)

    def granted(self, peer: str, now: datetime, *, version: str = "", quiet: bool = False) -> Event:
        """The event that this peer's request was granted; also what a manual grant admits."""
        decision = Decision.BASELINE if quiet else Decision.SEND
        return Event(f"peer:{peer}:granted", Kind.PEER_GRANTED, now, PeerFacts(self._me, peer, version), decision)
