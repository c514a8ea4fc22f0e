"""What is done when there is no good database: the copy, what the view says, and setting aside what is damaged."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from syft_notify.config.atomic_file import sweep, write_atomically
from syft_notify.config.paths import Files
from syft_notify.config.regular_files import NOTHING, kind_of
from syft_notify.domain.addresses import is_same_account
from syft_notify.domain.errors import ConfigError, UserError
from syft_notify.domain.notifications import PendingState
from syft_notify.store.database import (
    DamagedError,
    Database,
    copy_of,
    in_memory,
    moment,
    open_copy,
    open_existing,
    replacing,
)
from syft_notify.store.reset import grow_revision
from syft_notify.store.view import Document, View, digest_of_view, import_view, parse

log = logging.getLogger(__name__)

COPY_PAUSE = timedelta(hours=1)
OWNER, _COPIED_AT = "owner", "copied_at"


@dataclass(frozen=True)
class Opening:
    """Opens the database of an owner, or makes it; one that is made has a newer revision than the last one."""

    files: Files
    owner: str
    view: View
    revision: int
    migrate: bool
    dry_run: bool

    def open(self, now: datetime, *, check: bool) -> tuple[Database, str]:
        """The database, and what was wrong in words. `check` reads all of it.

        One that is damaged is set aside, and replaced by the copy and what the view says was told since. Raises
        `ConfigError` when it belongs to another owner or another program, `UserError` for the disk's no.
        """
        if self.files.database == self.files.state:
            raise ConfigError(f"{self.files.state} is where the database would be", "Name another state_path, as .json")
        damage = ""
        if kind_of(self.files.database) != NOTHING:
            try:
                return self._existing(check=check), ""
            except DamagedError as error:
                damage = error.title if self.dry_run else f"{error.title}. It was set aside as {self._set_aside(now)}"
                log.error("%s", damage)
        if self.dry_run:
            database = in_memory(self.files.database)
            return database, self._fill(database, damage, now)
        sweep(self.files.database)
        with replacing(self.files.database) as new:
            notice = self._fill(new, damage, now)
        return open_existing(self.files.database, migrate=self.migrate), notice

    def _existing(self, *, check: bool) -> Database:
        with ExitStack() as undo:
            database = undo.enter_context(open_existing(self.files.database, migrate=self.migrate and not self.dry_run))
            if check:
                database.check()
            self._check_owner(database)
            if self.dry_run:
                copy = in_memory(self.files.database)
                database.copy_into(copy)
                database.close()
                database = copy
            undo.pop_all()
        return database

    def _check_owner(self, database: Database) -> None:
        found = database.get(OWNER)
        if found and not is_same_account(found, self.owner):
            raise ConfigError(f"{self.files.state} is the state of {found}", f"Set another state_path for {self.owner}")

    def _fill(self, database: Database, damage: str, now: datetime) -> str:
        """From the copy, if there is a good one, and from the view; says in words what was wrong and what was used."""
        notices = [damage, *self._take_copy(database, damaged=bool(damage))]
        database.migrate()
        content, document = self.view.read(), Document()
        if content is not None:
            try:
                document = parse(content)
            except ValueError as error:
                notices.append(f"{self.files.state} {error}. It was set aside as {self._keep_view(content, now)}")
                log.error("%s", notices[-1])
        with database.transaction():
            import_view(database, document, digest_of_view(content) if content is not None else "")
            database.put(OWNER, self.owner)
            grow_revision(database, beyond=self.revision)
        return ". ".join(filter(None, notices))

    def _take_copy(self, database: Database, *, damaged: bool) -> list[str]:
        """What was pending in the copy may have gone out since."""
        lost = (
            f"There is no good copy: what was waiting is lost, and what {self.files.state.name} says was told is kept"
        )
        if kind_of(self.files.copy) == NOTHING:
            return [lost] if damaged else []
        try:
            with open_copy(self.files.copy) as copy:
                self._check_owner(copy)
                at = moment(copy.get(_COPIED_AT))
                copy.copy_into(database)
        except DamagedError as error:
            log.error("%s", error)
            return [error.title, lost]
        waits = (PendingState.AMBIGUOUS, PendingState.PENDING, PendingState.DEFERRED)
        database.migrate()
        database.run("UPDATE outbox SET state = ? WHERE state IN (?, ?)", *waits)
        return [f"The copy of {at:%Y-%m-%d %H:%M} UTC is used" if at else "Its copy is used"]

    def _set_aside(self, now: datetime) -> str:
        """Raises `UserError` when the disk refuses."""
        path = self.files.database
        aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
        try:
            os.replace(path, aside)
        except OSError as error:
            raise UserError(f"{path} cannot be renamed: {error.strerror}", "Check who owns its folder") from error
        return aside.name

    def _keep_view(self, content: bytes, now: datetime) -> str:
        aside = self.files.state.with_name(f"{self.files.state.name}.damaged-{now:%Y%m%d-%H%M%S}")
        if not self.dry_run:
            write_atomically(aside, content)
        return aside.name


def copy_if_due(database: Database, path: Path, now: datetime, *, at_once: bool) -> bool:
    """Replace the copy, at most once an hour unless `at_once`; returns whether it was. Raises `UserError`.

    What is damaged does not take the place of a good copy.
    """
    last = moment(database.get(_COPIED_AT))
    if last is not None and not at_once and last <= now < last + COPY_PAUSE:
        return False
    database.put(_COPIED_AT, now)
    copy_of(database, path)
    return True
