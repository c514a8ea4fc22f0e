"""Looks for peers: who asks to work with the owner, and whom the owner granted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from syft_notify.errors import TransientFault
from syft_notify.items import few
from syft_notify.model import Decision, Event, Kind, Look, Observation, PeerFacts
from syft_notify.monitors.survey import PEERS_FILE, REJECTED, REQUESTED_BY_ME, PeerFolder, Survey, event_time
from syft_notify.monitors.surveyor import Surveyor
from syft_notify.ports import Memory

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

    def __init__(self, surveyor: Surveyor, do_email: str) -> None:
        self._surveyor = surveyor
        self._me = do_email
        self._known: Set[str] = frozenset()
        self._compared: tuple[Survey, int] | None = None

    def observe(self, look: Look, memory: Memory) -> PeerObservation:
        """Look at the folders and the peers file.

        Raises `Fault` when not all could be seen: an accepted peer would then look like one that asks. What was
        compared before, and neither changed nor was forgotten since, is not shown again.
        """
        sight = self._surveyor.sight(look)
        survey = sight.survey
        if survey.peers_problem:
            raise TransientFault(survey.peers_problem, f"Peers are looked at again when {PEERS_FILE} can be read")
        if not survey.complete:
            raise TransientFault("Drive did not list all folders")
        present, before = (survey, memory.edition), self._compared
        self._compared = present
        if present == before:
            return PeerObservation(parts=(PART,), skipped=few(survey.odd))
        appeared = () if sight.first else survey.peers.keys() - self._known
        self._known = survey.peers.keys()
        announced = sum(survey.peers[peer].id in sight.announced for peer in appeared)
        return PeerObservation(
            parts=(PART,),
            skipped=few(survey.odd),
            peers=survey.peers,
            states=survey.states,
            accepted=survey.accepted,
            by_feed=announced,
            by_reconcile=len(appeared) - announced,
        )

    def detect(self, observation: PeerObservation, memory: Memory, now: datetime) -> Sequence[Event]:
        """Open requests are always told. A grant that was there before our first look belongs to the past.

        A peer who was granted once does not ask again: the owner's client may lose its peers file.
        """
        quiet = not memory.started(PART)
        requested = [
            self._requested(peer, folder, observation.states.get(peer, ""), now)
            for peer, folder in observation.peers.items()
            if not (
                peer in observation.accepted
                or observation.states.get(peer) == REQUESTED_BY_ME
                or memory.seen(_requested_key(peer))
                or memory.seen(_granted_key(peer))
            )
        ]
        ungranted = sorted(peer for peer in observation.accepted if not memory.seen(_granted_key(peer)))
        versions = {peer: folder.name.version for peer in ungranted if (folder := observation.peers.get(peer))}
        granted = [self.granted(peer, now, version=versions.get(peer, ""), quiet=quiet) for peer in ungranted]
        return [*requested, *granted]

    def _requested(self, peer: str, folder: PeerFolder, state: str, now: datetime) -> Event:
        """Of a request that was rejected before we saw it nobody is told, not even when the rejection is forgotten."""
        decision = Decision.BASELINE if state == REJECTED else Decision.SEND
        facts = PeerFacts(self._me, peer, folder.name.version)
        return Event(_requested_key(peer), Kind.PEER_REQUESTED, event_time(folder, now), facts, decision)

    def granted(self, peer: str, now: datetime, *, version: str = "", quiet: bool = False) -> Event:
        """The event that this peer's request was granted; also what a manual grant admits."""
        decision = Decision.BASELINE if quiet else Decision.SEND
        return Event(_granted_key(peer), Kind.PEER_GRANTED, now, PeerFacts(self._me, peer, version), decision)


def _requested_key(peer: str) -> str:
    return f"peer:{peer}:requested"


def _granted_key(peer: str) -> str:
    return f"peer:{peer}:granted"
