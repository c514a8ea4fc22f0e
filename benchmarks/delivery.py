"""What remembering one delivery writes to the disk, when much is remembered already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.naive import NaiveState
from benchmarks.report import Report
from benchmarks.scale import Scale
from benchmarks.world import DO, peer
from syft_notify.config.paths import Files
from syft_notify.domain.ids import EventId, JobId, SubmissionId
from syft_notify.domain.model import (
    Decision,
    Event,
    JobFacts,
    Kind,
    Notification,
    Observation,
    Outcome,
    OutcomeKind,
    Receipt,
)
from syft_notify.domain.routing import Router
from syft_notify.store.store import Store

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_COLUMNS = ("entries", "deliveries", "bytes per delivery", "bytes per poll", "naive bytes per delivery")
_WORLD = (
    "the store holds so many submitted jobs; some more are mailed. Counted is what the kernel is told to write: "
    "`per delivery` before and after each mail, `per poll` the view at the end of a poll that brought news"
)


def delivery_writes(scale: Scale, report: Report) -> None:
    """Bytes written while mails go out."""
    table = report.table("delivery", _WORLD, _COLUMNS)
    entries, deliveries = scale.store_entries, scale.deliveries
    with TemporaryDirectory(prefix="syft-notify-store-") as folder:
        store = Store(Files(Path(folder) / "notification_state.json"), DO)
        store.refresh(_NOW)
        store.admit(Observation(), [(event, ()) for event in _events(0, entries, Decision.BASELINE)], _NOW)
        news = [(event, _mail(event)) for event in _events(entries, deliveries, Decision.SEND)]
        store.admit(Observation(), news, _NOW)
        per_delivery = written_by(lambda: _deliver(store)) // deliveries
        per_poll = written_by(store.write_view)
        store.close()
        naive = _naive_bytes(Path(folder), entries)
        table.add(dict(zip(_COLUMNS, (entries, deliveries, per_delivery, per_poll, naive), strict=True)))


def written_by(action: Callable[[], object]) -> int:
    """How many bytes this process writes meanwhile, as the kernel counts them."""
    process = psutil.Process()
    before = process.io_counters().write_chars
    action()
    return int(process.io_counters().write_chars - before)


def _events(first: int, count: int, decision: Decision) -> Iterator[Event]:
    for number in range(first, first + count):
        ds, name = peer(number % 100), f"job_{number:06}"
        facts = JobFacts(DO, ds, name, f"{ds}/{name}", f"{_NOW:%FT%TZ} {number}", submitted_at=_NOW)
        about = SubmissionId(JobId(ds, name), facts.identity, ds)
        yield Event(EventId(about, Kind.JOB_SUBMITTED), _NOW, facts, decision)


def _mail(event: Event) -> Sequence[Notification]:
    return Router("gmail").route(event).notifications[:1]


def _deliver(store: Store) -> None:
    sent = Outcome(OutcomeKind.SENT, _NOW, Receipt("18c3f0a1b2c3d4e5", "18c3f0a1b2c3d4e5"))
    for queued in store.pending():
        store.attempt(queued.id)
        store.settle(queued.id, sent)


def _naive_bytes(folder: Path, entries: int) -> int:
    state = NaiveState(folder / "naive.json")
    state.settle(f"job_{number:06}" for number in range(entries))
    return written_by(lambda: state.tell("news", "new"))
