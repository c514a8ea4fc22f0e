"""Who must have been told what: an observer who misses nothing, against whom the mails are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from tests.machine.things import Submission
from tests.machine.tracked_site import TrackedSite
from tests.stories.site import Told, decided, failed, granted, requested, submitted


class Duty(Enum):
    """What somebody has to do who sees something."""

    TELL = "tell it once"
    KEEP_QUIET = "know it, and never tell it"
    LOOK_AWAY = "not even know it"


@dataclass(frozen=True)
class Fact:
    """Something that can be seen now. `key` is the same whenever it is seen; `job` is that of the submission."""

    key: str
    told: tuple[Told, ...]
    duty: Duty = Duty.TELL
    job: str = ""


def facts(site: TrackedSite, *, disk: bool = True) -> Iterator[Fact]:
    """Everything that a look at Drive, and at the disk if it is there, can see now."""
    for ds in sorted({folder.ds for folder in site.inboxes}):
        if ds in site.accepted:
            yield Fact(f"{ds} was accepted", tuple(granted(ds)))
        elif site.seen_inboxes(ds):
            turned_away = site.in_file.get(ds) == "rejected"
            yield Fact(f"{ds} asks", tuple(requested(ds)), Duty.KEEP_QUIET if turned_away else Duty.TELL)
    for sub in site.submissions:
        here = disk and sub.on_disk
        if here or sub.message_file.visible:
            turned_away = not here and site.in_file.get(sub.job.ds) == "rejected"
            told = tuple(submitted(sub.job.name, sub.job.ds))
            yield Fact(sub.key, told, Duty.LOOK_AWAY if turned_away else Duty.TELL)
        if here:
            yield from _steps(sub)


def _steps(sub: Submission) -> Iterator[Fact]:
    """How far a job has come; who sees it finished knows that it was approved."""
    name, ds = sub.job.name, sub.job.ds
    if sub.status == "rejected":
        yield Fact(f"{sub.key}: rejected", tuple(decided("rejected", name, ds)), job=sub.key)
    if sub.status in ("approved", "running", "done", "failed"):
        yield Fact(f"{sub.key}: approved", tuple(decided("approved", name, ds)), job=sub.key)
    if sub.status == "done":
        yield Fact(f"{sub.key}: run {sub.runs}", tuple(decided("executed", name, ds)), job=sub.key)
    if sub.status == "failed":
        yield Fact(f"{sub.key}: run {sub.runs}", tuple(failed(name, ds)), job=sub.key)


@dataclass
class Model:
    """What must be told, and what may be, by all that could be seen so far.

    A look that was whole decides. What was true only between two such looks, or was looked at with clouded eyes, may
    have been seen or not: it may be told.
    """

    must: dict[str, Fact] = field(default_factory=dict)
    may: dict[str, Fact] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    perhaps_quiet: set[str] = field(default_factory=set)
    glimpses: set[Fact] = field(default_factory=set)

    def begin(self, found: Iterable[Fact]) -> None:
        """The first look: what is settled already belongs to the past."""
        self.quiet.update(fact.key for fact in found)

    def happened(self, found: Iterable[Fact]) -> None:
        """Somebody did something, and this is what could be seen right after it."""
        self.glimpses.update(found)

    def look(self, found: Iterable[Fact], *, whole: bool, disk: bool) -> None:
        """Our program looked while this could be seen.

        `whole` says that it cannot have missed any of it; `disk` the same of what only the disk tells about jobs
        whose sender is known, because something was told of them.
        """
        known = {*self.must, *(fact.job for fact in self.must.values() if fact.job)}
        for fact in found:
            if whole or (disk and fact.job in known):
                self._certainly(fact)
            else:
                self._perhaps(fact)
        if whole:
            self.glimpses.clear()
        for fact in self.glimpses:
            self._perhaps(fact)

    def _certainly(self, fact: Fact) -> None:
        if fact.key in self.must or fact.key in self.quiet or fact.duty is Duty.LOOK_AWAY:
            return
        if fact.duty is Duty.KEEP_QUIET:
            (self.perhaps_quiet if fact.key in self.may else self.quiet).add(fact.key)
        elif fact.key in self.perhaps_quiet:
            self.may[fact.key] = fact
        else:
            self.may.pop(fact.key, None)
            self.must[fact.key] = fact

    def _perhaps(self, fact: Fact) -> None:
        if fact.key in self.must or fact.key in self.quiet:
            return
        if fact.duty is Duty.KEEP_QUIET:
            self.perhaps_quiet.add(fact.key)
        else:
            self.may[fact.key] = fact

    def missing(self, mails: Iterable[Told]) -> list[Told]:
        """What must have been told and was not."""
        return sorted((_mails(self.must) - Counter(mails)).elements())

    def unfounded(self, mails: Iterable[Told]) -> list[Told]:
        """What was told without reason, or once too often."""
        return sorted((Counter(mails) - _mails(self.must) - _mails(self.may)).elements())


def _mails(known: dict[str, Fact]) -> Counter[Told]:
    return Counter(told for fact in known.values() for told in fact.told)
