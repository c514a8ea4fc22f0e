"""The composition root: builds the pipeline of one owner from a config; the only file that knows all parts."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from syft_notify.channels.registry import open_email_channel
from syft_notify.config.file_lock import MOVE_STATE, FileLock
from syft_notify.config.own_files import private_files
from syft_notify.config.paths import CONFIG_NAME, Files, ServiceFiles
from syft_notify.config.permissions import check_written_by_us_alone, close_to_others
from syft_notify.config.settings import Config
from syft_notify.domain.clock import utc_now
from syft_notify.domain.errors import ConfigError, CredentialFault, Fault, UserError
from syft_notify.domain.model import PollReport, TokenState
from syft_notify.domain.ports import Channel, Clock, Reporter, Source
from syft_notify.domain.routing import Router
from syft_notify.engine.poll import Poll
from syft_notify.engine.sender import Sender
from syft_notify.google import token_life
from syft_notify.google.auth import LentToken, Token
from syft_notify.google.drive import DriveFiles
from syft_notify.google.token_files import drive_token
from syft_notify.mail.compose import Composer
from syft_notify.sources.drive_snapshot import DriveScanner
from syft_notify.sources.jobs import DRIVE, JobSource
from syft_notify.sources.peers import PeerSource
from syft_notify.store.store import Store
from syft_notify.syftbox.local_jobs import LocalJobFolder

log = logging.getLogger(__name__)

# How long a poll waits for one of another process on the same state: longer than one mail takes.
PATIENCE_SECONDS = 90.0


class App:
    """The pipeline of one owner, ready to poll."""

    def __init__(
        self,
        poll: Poll,
        sender: Sender,
        peers: PeerSource,
        store: Store,
        clock: Clock,
        drive: DriveFiles,
        drive_token: Token,
        channels: Sequence[Channel],
        lock: Path | None,
    ) -> None:
        """`lock` guards the state; None in a dry run, which changes nothing."""
        self._poll = poll
        self._sender = sender
        self._peers = peers
        self._store = store
        self._clock = clock
        self._drive = drive
        self._drive_token = drive_token
        self._channels = channels
        self._lock = lock
        self._begun = False

    def poll(self, reporter: Reporter, wanted: Callable[[], bool] = lambda: True) -> PollReport:
        """One poll. `wanted` is asked before each send whether to go on.

        Polls of other processes on the same state are waited for; raises `HeldError` when one takes too long,
        `ConfigError` for a state that cannot be used, and `UserError` when the disk refuses what must be written first.
        """
        with self._alone():
            report = self._poll(reporter, wanted)
            tokens = self.check_access() if self._lock else {}
            dead = {name: state.problem for name, state in tokens.items() if state.problem}
            for name, problem in dead.items():
                if name not in report.credentials:
                    reporter.problem(name, problem)
            return replace(
                report, warnings=self._warnings(reporter), tokens=tokens, credentials={**dead, **report.credentials}
            )

    def _warnings(self, reporter: Reporter) -> tuple[str, ...]:
        """What to do before a consent ends by itself."""
        now = self._clock()
        consents = (token_life.consent_of(self._drive_token), *(channel.consent for channel in self._channels))
        texts = []
        for consent in filter(None, consents):
            with suppress(UserError):  # the poll found out, and said, that the disk refuses
                known_since = self._store.consent_since(consent.name, consent.fingerprint, now)
                texts.append(consent.warning(known_since, now))
        found = tuple(filter(None, texts))
        for text in found:
            reporter.problem("token", text)
        return found

    @property
    def sending(self) -> bool:
        """Whether a mail is in hand, which a stop must wait for."""
        return self._sender.sending

    def grant_peer(self, ds_email: str, reporter: Reporter) -> PollReport:
        """Tell a DS that the owner granted their request, unless they were told before. Raises as `poll`."""
        with self._alone():
            return self._poll.tell([self._peers.granted(ds_email, self._clock())], reporter)

    def check_state(self) -> None:
        """Read the state once; the first poll reports what was wrong with it. Raises as `poll`."""
        with self._alone():
            self._poll.check_state()

    @contextmanager
    def _alone(self, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Under the lock of the state. A folder that vanishes later is not made anew: the memory went with it."""
        lock: AbstractContextManager[object] = nullcontext()
        if self._lock is not None:
            lock = FileLock(self._lock, patience=patience, make_folder=not self._begun, move=MOVE_STATE)
        self._begun = True
        with lock:
            try:
                yield
            finally:
                self._store.release()

    def check_access(self, *, demanding: bool = False) -> dict[str, TokenState]:
        """How the token for Drive and each channel are; their services are asked, but not often.

        What cannot be checked now is left out. With `demanding`, that raises its passing `Fault`.
        """
        checks = {DRIVE: self._check_drive_token} | {
            channel.name: partial(self._check_channel, channel) for channel in self._channels
        }
        found = {}
        for name, check in checks.items():
            try:
                found[name] = check()
            except CredentialFault as fault:
                found[name] = TokenState(str(fault))
            except Fault as fault:
                if demanding:
                    raise
                log.debug("%s cannot be checked now: %s", name, fault)
        return found

    def _check_drive_token(self) -> TokenState:
        return TokenState(good_as_of=self._drive_token.prove(self._clock()))

    def _check_channel(self, channel: Channel) -> TokenState:
        state = channel.check(self._clock())
        return TokenState(good_as_of=state.good_as_of, account=state.account)

    def check_drive(self) -> None:
        """Let Drive answer once, and say that the token is the owner's. Raises `Fault`."""
        self._drive.check_owner()

    def keep_copy(self) -> None:
        """Keep a copy of the database at a clean stop, if anything changed. It waits for nobody; raises as `poll`."""
        with self._alone(patience=0):
            self._store.refresh(self._clock())
            self._store.copy(self._clock(), at_once=True)

    def close(self) -> None:
        """Close the connections."""
        self._drive.close()
        for channel in self._channels:
            channel.close()


@contextmanager
def open_app(
    config: Config, *, jobs: bool = True, peers: bool = True, dry_run: bool = False, lent_drive: Any = None
) -> Iterator[App]:
    """Build the pipeline and close its connections at the end of the block; a dry run writes nothing.

    `lent_drive` are google-auth credentials of a client in this process, used instead of a token file for Drive.
    Raises as `build_app`.
    """
    with closing(build_app(config, jobs=jobs, peers=peers, dry_run=dry_run, lent_drive=lent_drive)) as app:
        yield app


def build_app(
    config: Config,
    *,
    jobs: bool = True,
    peers: bool = True,
    dry_run: bool = False,
    lent_drive: Any = None,
    heartbeat: Callable[[], None] = lambda: None,
) -> App:
    """Build the pipeline for a caller that closes it.

    `heartbeat` is called before each request. Raises `ConfigError` and `CredentialFault` for tokens, and
    `ConfigError` where others can write to the config's folder.
    """
    keep_from_others(config, dry_run=dry_run)
    token: Token = LentToken(lent_drive) if lent_drive is not None else drive_token(config)
    channel = open_email_channel(config, heartbeat=heartbeat)
    remote = DriveFiles(token, config.drive_api_endpoint, owner=config.do_email, heartbeat=heartbeat)
    peer_source, job_source = _sources(config, remote)
    wanted = ((peers and config.monitor_peers, peer_source), (jobs and config.monitor_jobs, job_source))
    sources: list[Source[Any]] = [source for on, source in wanted if on]
    if not sources:
        raise ConfigError("Nothing is left to watch", "Set monitor_jobs or monitor_peers to true in the config")
    files = Files(config.state_path)
    own_templates = ServiceFiles(config.folder).templates if config.folder else None
    store = Store(files, config.do_email, dry_run=dry_run)
    composer = Composer(email_format=config.email_format, own=own_templates, reaches=channel.reaches)
    sender = Sender(store, {channel.name: channel}, composer.compose, utc_now, random.random)
    poll = Poll(
        sources=sources,
        router=Router(channel.name, config.muted, channel.reaches),
        store=store,
        sender=sender,
        clock=utc_now,
        reconcile_interval=config.reconcile_interval,
        dry_run=dry_run,
    )
    lock = None if dry_run else files.lock
    return App(poll, sender, peer_source, store, utc_now, remote, token, [channel], lock)


def _sources(config: Config, remote: DriveFiles) -> tuple[PeerSource, JobSource]:
    local = LocalJobFolder(config.syftbox_root, config.do_email, time.time_ns)
    scanner = DriveScanner(remote, local.accepted_peers, config.do_email)
    return PeerSource(scanner, config.do_email), JobSource(scanner, remote, local, config.do_email, utc_now)


def keep_from_others(config: Config, *, dry_run: bool = False) -> None:
    """Close our own files, except in a dry run. Raises `ConfigError` where others can write to the config's folder.

    Only the default folder and its config are closed, too: another one may be a person's home, or shared by programs.
    """
    folder = config.folder
    if folder is None or not folder.is_dir():
        return
    if not dry_run:
        own_folders, own_files = ([folder], [folder / CONFIG_NAME]) if config.is_default else ([], [])
        close_to_others(own_folders, [*own_files, *private_files(config.paths, folder)])
    check_written_by_us_alone(folder, config.file)
