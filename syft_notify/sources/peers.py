"""Looks for peers: who asks to work with the owner, and whom the owner granted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from syft_notify.domain.addresses import account_of
from syft_notify.domain.errors import TransientFault
from syft_notify.domain.ids import EventId, PeerId
from syft_notify.domain.item_guard import few
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision, Event, Observation, PeerFacts, Scan
from syft_notify.domain.ports import Memory
from syft_notify.sources.drive_snapshot import DriveScanner
from syft_notify.sources.folders import ACCEPTED, PEERS_FILE, REJECTED, REQUESTED_BY_ME, PeerFolder, Survey, event_time

PART = "peers"


@dataclass(frozen=True)
class PeerObservation(Observation):
    """The DSs that have folders here, what the owner said to each, and who counts as accepted; all by account.

    `unproven` are those of whose folders Drive hides the owner. `addresses` are for mails.
    """

    peers: Mapping[str, PeerFolder] = field(default_factory=dict)
    unproven: Mapping[str, PeerFolder] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    addresses: Mapping[str, str] = field(default_factory=dict)


class PeerSource:
    """Peer requested, peer granted. Peers are counted, not their folders; one that vanishes and returns is no news."""

    name = "peers"
    failed: Sequence[str] = ()

    def __init__(self, scanner: DriveScanner, do_email: str) -> None:
        self._scanner = scanner
        self._me = do_email
        self._known: Set[str] = frozenset()
        self._compared: tuple[Survey, int] | None = None

    def observe(self, look: Scan, memory: Memory) -> PeerObservation:
        """Look at the folders and the peers file.

        Raises `Fault` when not all could be seen: an accepted peer would then look like one that asks. What was
        compared before, and neither changed nor was forgotten since, is not shown again.
        """
        snapshot = self._scanner.snapshot(look)
        survey = snapshot.survey
        if survey.peers_problem:
            raise TransientFault(survey.peers_problem, f"Peers are looked at again when {PEERS_FILE} can be read")
        if not survey.complete:
            raise TransientFault("Drive did not list all folders")
        seen = PeerObservation(
            parts=(PART,), skipped=few(survey.notes), trusted=survey.trusted(memory), rejected=survey.rejected
        )
        present, before = (survey, memory.revision), self._compared
        self._compared = present
        if present == before:
            return seen
        appeared = () if snapshot.first else survey.peers.keys() - self._known
        self._known = survey.peers.keys()
        announced = sum(survey.peers[peer].id in snapshot.announced for peer in appeared)
        return replace(
            seen,
            peers=survey.peers,
            unproven=survey.unproven,
            decisions=survey.decisions,
            accepted=survey.accepted,
            addresses=survey.addresses,
            by_feed=announced,
            by_reconcile=len(appeared) - announced,
        )

    def detect(self, observation: PeerObservation, memory: Memory, now: datetime) -> Sequence[Event]:
        """Open requests are always told. A grant that was there before our first look belongs to the past.

        A peer who was granted once does not ask again: the owner's client may lose its peers file.
        """
        quiet = not memory.started(PART)

        def is_new(*events: EventId) -> bool:
            return not any(map(memory.seen, events))

        requested = [
            self._request(observation, folder, now)
            for peer, folder in observation.peers.items()
            if peer not in observation.accepted
            and observation.decisions.get(peer) != REQUESTED_BY_ME
            and is_new(_requested(peer), _granted(peer))
        ]
        unproven = [
            self._request(observation, folder, now)
            for peer, folder in observation.unproven.items()
            if observation.decisions.get(peer) not in (ACCEPTED, REQUESTED_BY_ME)
            and is_new(_requested(peer, proven=False), _requested(peer), _granted(peer))
        ]
        ungranted = [peer for peer in sorted(observation.accepted) if is_new(_granted(peer))]
        versions = {peer: folder.name.version for peer in ungranted if (folder := observation.peers.get(peer))}
        granted = [
            self.granted(observation.addresses.get(peer, peer), now, version=versions.get(peer, ""), quiet=quiet)
            for peer in ungranted
        ]
        return [*requested, *unproven, *granted]

    def _request(self, observation: PeerObservation, folder: PeerFolder, now: datetime) -> Event:
        """Of a request that was rejected before we saw it nobody is told, not even when the rejection is forgotten.

        A stranger's folder is another peer than the person whose name it bears, whom it must not silence.
        """
        peer = folder.name.peer
        decision = Decision.BASELINE if observation.decisions.get(peer) == REJECTED else Decision.SEND
        address = observation.addresses.get(peer, folder.name.address)
        facts = PeerFacts(self._me, address, folder.name.version, verified=folder.proven)
        return Event(_requested(peer, proven=folder.proven), event_time(folder, now), facts, decision)

    def granted(self, address: str, now: datetime, *, version: str = "", quiet: bool = False) -> Event:
        """The event that this peer's request was granted; also what a manual grant admits."""
        decision = Decision.BASELINE if quiet else Decision.SEND
        facts = PeerFacts(self._me, address, version)
        return Event(_granted(account_of(address)), now, facts, decision)


def _requested(peer: str, *, proven: bool = True) -> EventId:
    return EventId(PeerId(peer, proven), Kind.PEER_REQUESTED)


def _granted(peer: str) -> EventId:
    return EventId(PeerId(peer), Kind.PEER_GRANTED)
