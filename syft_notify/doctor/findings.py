"""A checkup in general: checks that build on each other, and what each of them found."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from syft_notify.domain.errors import NotifyError

Context = TypeVar("Context")
_AGAIN = "Try again in a few minutes; the daemon does so by itself"


class State(StrEnum):
    """How a check went; the value is the word in `--json`."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What one check found. `detail` is for people; `fix` says what to do when it failed."""

    name: str
    state: State
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Check(Generic[Context]):
    """`look` returns the detail of what is good, and raises `NotifyError` with what is not, and how to fix it.

    `needs` are checks without which this one cannot be made.
    """

    name: str
    look: Callable[[Context], str]
    needs: tuple[str, ...] = ()


class NothingToCheck(Exception):
    """There is nothing to look at, and that is no fault."""


def examine(context: Context, checks: Sequence[Check[Context]]) -> Iterator[Finding]:
    """Make one check after the other. Each finding comes as soon as it is there: some wait for the network."""
    blamed: dict[str, str] = {}
    for check in checks:
        cause = next((blamed[name] for name in check.needs if name in blamed), "")
        finding = _skipped(check, cause) if cause else _found(check, context)
        if finding.state is not State.OK:
            blamed[check.name] = cause or check.name
        yield finding


def _skipped(check: Check[Context], cause: str) -> Finding:
    return Finding(check.name, State.SKIPPED, f"cannot be told before '{cause}' is good")


def _found(check: Check[Context], context: Context) -> Finding:
    try:
        return Finding(check.name, State.OK, check.look(context))
    except NothingToCheck as nothing:
        return Finding(check.name, State.SKIPPED, str(nothing))
    except NotifyError as error:
        # Only what passes by itself comes without a fix.
        return Finding(check.name, State.FAILED, error.title.rstrip("."), error.hint.rstrip(".") or _AGAIN)
    except OSError as error:
        place = str(error.filename or ".")
        fix = f"See who owns it: `ls -ld {shlex.quote(place)}`"
        return Finding(check.name, State.FAILED, f"{place} cannot be seen: {error.strerror}", fix)
