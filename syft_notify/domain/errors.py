"""The error tree: what went wrong, what to do about it, whether to try again. Imports nothing of ours."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. 78 is EX_CONFIG of sysexits.h: restarting does not help."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    CONFIG = 78


class NotifyError(Exception):
    """Any failure that we name ourselves: `title` says what, `hint` says what to do."""

    exit_code = ExitCode.FAILED

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title, hint)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(
            part if part.endswith((".", "?", "!")) else f"{part}." for part in (self.title, self.hint) if part
        )

    def _render_traceback_(self) -> list[str]:
        """What IPython shows below a cell in place of a traceback: where in our code it was raised helps nobody."""
        return [f"Error: {self}"]


class UserError(NotifyError):
    """A person asked for something that cannot be; the command ends with one line."""


class ConfigError(UserError):
    """The configuration cannot be used: nothing works until a person edits it."""

    exit_code = ExitCode.CONFIG


class Fault(NotifyError):
    """Something outside failed; the subclass is the verdict on trying again."""


class TransientFault(Fault):
    """It may work in a moment: a network error, a timeout, a 5xx."""


class RateLimitedFault(Fault):
    """The service asks to wait; `until` (UTC) when it said how long."""

    def __init__(self, title: str, hint: str = "", until: datetime | None = None) -> None:
        super().__init__(title, hint)
        self.until = until


class RejectedFault(Fault):
    """This request can never succeed as it is, however often it is repeated."""


class MissingFault(Fault):
    """What was asked for is not there, or is not shared with us (Google says 404 for both)."""


class TooLargeFault(RejectedFault):
    """The answer would be larger than we read; a smaller one may be asked for."""


class CredentialFault(Fault):
    """Nothing can go until a person acts: the token is dead, revoked or lacks a scope."""

    exit_code = ExitCode.CONFIG


class ScopeFault(CredentialFault):
    """The service knows the token, which may not do this."""


class AmbiguousFault(Fault):
    """The request may have been accepted before the connection broke: repeating may duplicate."""
