"""The health report: what the service writes after each poll for `status`, and what `status` reads."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syft_notify.config.atomic_file import write_atomically
from syft_notify.config.regular_files import open_to_read

if TYPE_CHECKING:
    from syft_notify.domain.model import PollReport, TokenState

log = logging.getLogger(__name__)

_LARGEST = 1_000_000
# A poll may take so much longer than it should before we say that it hangs.
_LATE = timedelta(minutes=5)
_NUMBER = (int, float)
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "accounts": dict,
    "interval_seconds": _NUMBER,
    "last_poll_seconds": _NUMBER,
    "problems": list,
    "tokens": dict,
    "tokens_good_as_of": dict,
    "warnings": list,
}


@dataclass
class Health:
    """How the service does; times are in UTC, `sent` counts since the start. `started_by` is a command, or systemd.

    `pending` and `failed` are the notifications that wait and that were given up; `tokens` says for each token and
    channel what a person must do, or nothing when it is good, `tokens_good_as_of` when it was last proven; `warnings`
    what a person should do soon. `accounts` says for each channel whose account it sends from, if it tells. `by_feed`
    and `by_reconcile` count what was found on Drive since the start: through its changes feed, and only because
    everything was looked at.
    """

    pid: int
    version: str
    config: str
    started_at: datetime
    interval_seconds: float
    started_by: str
    options: Mapping[str, Any]
    polls: int = 0
    sent: int = 0
    pending: int = 0
    failed: int = 0
    undelivered: int = 0
    last_poll: datetime | None = None
    last_poll_seconds: float = 0
    last_good_poll: datetime | None = None
    next_poll: datetime | None = None
    problems: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    tokens_good_as_of: dict[str, datetime | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    by_feed: int = 0
    by_reconcile: int = 0

    def note(self, report: PollReport, interval: timedelta) -> None:
        """Take in how a poll went; the next one follows after `interval`."""
        self.polls += 1
        self.sent += report.sent
        self.by_feed += report.by_feed
        self.by_reconcile += report.by_reconcile
        self.pending, self.failed, self.undelivered = report.pending, report.dead, report.undelivered
        self.last_poll = report.finished_at
        self.last_poll_seconds = round((report.finished_at - report.started_at).total_seconds(), 3)
        self.next_poll = report.finished_at + interval
        self.problems = list(report.problems)
        self.warnings = list(report.warnings)
        self.note_tokens(report.tokens)
        self.tokens |= report.credentials
        if not (self.problems or report.undelivered or report.given_up or any(self.tokens.values())):
            self.last_good_poll = report.finished_at

    def note_tokens(self, tokens: Mapping[str, TokenState]) -> None:
        """Take in how those are that could be checked."""
        for name, state in tokens.items():
            self.tokens[name] = state.problem
            if not state.problem:
                self.tokens_good_as_of[name] = state.good_as_of
            if state.account is not None:
                self.accounts[name] = state.account

    def as_json(self) -> dict[str, Any]:
        """What `read_health` gives of it."""
        return dict(json.loads(self._text()))

    def write(self, path: Path) -> None:
        """Replace the report at `path`. Raises `UserError` when the disk refuses."""
        write_atomically(path, self._text().encode())

    def _text(self) -> str:
        return json.dumps(asdict(self), default=datetime.isoformat, indent=1)


def failed_poll(error: Exception, now: datetime) -> PollReport:
    """The report of a poll that raised instead of reporting."""
    from syft_notify.domain.model import PollReport

    return PollReport(now, now, problems=(f"poll: {described(error)}",))


def described(error: Exception) -> str:
    """What an error says, or at least its name."""
    return str(error) or type(error).__name__


def read_health(path: Path) -> dict[str, Any]:
    """The report at `path` as plain JSON; empty when there is none that can be read."""
    try:
        with open_to_read(path) as file:
            report = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) and _has_our_types(report) else {}


def _has_our_types(report: Mapping[str, Any]) -> bool:
    """A key may be missing: another version may have written the report."""
    return all(isinstance(report[key], kind) for key, kind in _TYPES.items() if key in report)


def problems_of(health: Mapping[str, Any], now: datetime) -> list[str]:
    """Why a service with this report is not well, in words, each once; nothing when it is."""
    tokens = [text for text in health.get("tokens", {}).values() if text]
    found = [*tokens, *(text for text in health.get("problems", []) if text not in tokens)]
    if undelivered := health.get("undelivered"):
        found.append(f"{_mails(undelivered)} could not be sent yet (`syft-notify outbox` says why).")
    if failed := health.get("failed"):
        actions = "`syft-notify outbox` says why; then `syft-notify outbox retry` or `syft-notify outbox drop`"
        found.append(f"{_mails(failed)} given up ({actions}).")
    due = _moment(health.get("next_poll"))
    if due and now > due + _LATE:
        found.append(f"No poll has ended since {local_time(health.get('last_poll') or health.get('started_at'))}.")
    if due and due > now + timedelta(seconds=health.get("interval_seconds") or 0) + _LATE:
        found.append(
            f"The next poll would be at {local_time(due)}: the clock was set back, so nobody knows how it does."
        )
    return found


def _mails(count: int) -> str:
    return f"{count} mail{'' if count == 1 else 's'}"


def local_time(text: object) -> str:
    """A time of the report on the clock of the person; "soon" where there is none."""
    moment = _moment(text)
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else "soon"


def clock_time(text: object, other: object) -> str:
    """A time of the report as hours and minutes, with its date unless it is the other's; empty where there is none."""
    moment, compared = _moment(text), _moment(other)
    if moment is None:
        return ""
    same = compared is not None and compared.astimezone().date() == moment.astimezone().date()
    return f"{moment.astimezone():%H:%M}" if same else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
