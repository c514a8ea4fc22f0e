"""Nobody can silence or redirect what is told of another's jobs: whole looks at Drive, disk and store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from syft_notify.domain.errors import TransientFault
from syft_notify.domain.jobs import JobStatus, LocalJob
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision
from syft_notify.domain.routing import Router
from syft_notify.sources.archive_search import MAX_SEARCHED
from syft_notify.syftbox.submission import read_message
from tests.unit.sources.post import DO, TODAY, Post
from tests.worlds import GENERATIONS, Job, python_job

VICTOR, MALLORY = "victor@example.org", "mallory@example.org"
D0 = GENERATIONS["0.1.93"]


@dataclass
class Scene(Post):
    """Victor and Mallory are accepted peers. A job's `ds` is the one whose folder it names, whoever sends it."""

    generation = TODAY

    def __post_init__(self) -> None:
        super().__post_init__()
        self.store.refresh(self.clock())
        self.inboxes = {ds: self.peer(ds) for ds in (VICTOR, MALLORY)}
        self.archives = {ds: self.drive.add_folder(TODAY.archive_folder(DO, ds), DO) for ds in (VICTOR, MALLORY)}

    def job(self, ds: str = VICTOR, name: str = "sales") -> Job:
        self.clock.advance(3600)
        return replace(python_job(name), ds=ds, do=DO, submitted_at=self.clock())

    def send(self, job: Job, by: str, place: str = "", *, owner: str = "", content: bytes = b"") -> str:
        """A message about the job, in the sender's inbox unless another `place` is given; returns its id."""
        self.clock.advance(1)
        name, packed = self.generation.message(job, job.ds, DO, self.clock(), sender=by)
        return self.drive.add_file(place or self.inboxes[by], name, content or packed, owner or by)

    def sync(self, job: Job, status: JobStatus = JobStatus.PENDING, run: str = "") -> None:
        """The owner's client files the job where its message says."""
        content = self.generation.message(job, job.ds, DO, self.clock())[1]
        ((submission, _),) = read_message(content).submissions
        self.local.set(LocalJob(submission, f"{DO}/{job.ds}/{job.name}", status, run=run))

    def told(self, polls: int = 1) -> list[tuple[str, str, str]]:
        """Who is told what of whose job in these polls."""
        router, found = Router("gmail"), []
        for _ in range(polls):
            self.look()
            news = [one.event for one in self.admissions if one.decision is Decision.SEND]
            notifications = [n for event in news for n in router.route(event).notifications]
            found += [(n.recipient, n.kind.value, n.facts.ds) for n in notifications]
            self.clock.advance(60)
        return sorted(found)

    def start(self) -> None:
        """Look for the first time, with nothing there."""
        assert self.told() == []


@pytest.fixture
def scene(tmp_path: Path) -> Iterable[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.store.close()


def both(kind: Kind, ds: str) -> list[tuple[str, str, str]]:
    return [(recipient, kind.value, ds) for recipient in sorted((DO, ds))]


SUBMITTED, APPROVED, EXECUTED = Kind.JOB_SUBMITTED, Kind.JOB_APPROVED, Kind.JOB_EXECUTED


class TestInboxes:
    @pytest.mark.parametrize("owner", [VICTOR, "third@example.org"])
    def test_of_a_file_in_an_inbox_that_belongs_to_another_the_owner_alone_hears_with_a_warning(self, scene, owner):
        scene.start()
        scene.send(scene.job(), MALLORY, owner=owner)
        (event,) = scene.look()
        assert {n.recipient for n in Router("gmail").route(event).notifications} == {DO}
        assert owner in event.facts.warning
        assert MALLORY in event.facts.warning

    def test_such_a_file_takes_nothing_from_whom_it_names(self, scene):
        scene.start()
        job = scene.job()
        scene.send(job, MALLORY, owner=VICTOR)
        assert scene.told() == [(DO, "job_submitted", MALLORY)]
        scene.send(job, VICTOR)
        assert scene.told() == both(SUBMITTED, VICTOR)
        scene.sync(job, JobStatus.APPROVED)
        assert scene.told(3) == [(VICTOR, "job_approved", VICTOR)]

    def test_an_unproven_folder_in_the_name_of_somebody_takes_nothing_from_them(self, scene):
        scene.start()
        hidden = scene.drive.add_folder(TODAY.inbox_folder(DO, VICTOR).replace("0.10.0", "0.10.1"), "")
        job = scene.job()
        scene.send(job, VICTOR, hidden, owner="x@example.org")
        assert scene.told() == [(DO, "job_submitted", VICTOR)]
        scene.send(job, VICTOR)
        assert scene.told() == both(SUBMITTED, VICTOR)


class TestForgedPaths:
    """Mallory's message names Victor's folder; the client files it there, and archives it under Victor's name."""

    @pytest.mark.parametrize("archive", [VICTOR, MALLORY])
    def test_at_a_first_start_it_is_told_as_hers_with_a_warning(self, scene, archive):
        job = scene.job()
        scene.send(job, MALLORY, scene.archives[archive])
        scene.sync(job)
        events = scene.look()
        assert [(event.kind, event.facts.ds, event.decision) for event in events] == [
            (SUBMITTED, MALLORY, Decision.SEND)
        ]
        assert VICTOR in events[0].facts.warning
        scene.sync(job, JobStatus.DONE)
        assert scene.told(3) == [(MALLORY, "job_approved", MALLORY), (MALLORY, "job_executed", MALLORY)]

    @pytest.mark.parametrize("restart", [False, True])
    def test_after_a_reset_it_is_told_as_hers_again(self, scene, restart):
        scene.start()
        job = scene.job()
        message = scene.send(job, MALLORY)
        scene.drive.move(message, scene.archives[VICTOR])
        scene.sync(job)
        assert scene.told() == both(SUBMITTED, MALLORY)
        scene.store.forget_jobs()
        if restart:
            scene.restart()
        told = scene.told(3)
        assert VICTOR not in {recipient for recipient, _, _ in told}
        assert {ds for _, _, ds in told} == {MALLORY}
        assert (DO, "job_submitted", MALLORY) in told
        scene.sync(job, JobStatus.APPROVED)
        assert scene.told(3) == [(MALLORY, "job_approved", MALLORY)]

    def test_after_a_reset_without_her_message_it_is_still_hers(self, scene):
        scene.start()
        job = scene.job()
        message = scene.send(job, MALLORY)
        scene.sync(job)
        scene.told()
        scene.drive.remove(message)
        scene.store.forget_jobs()
        assert VICTOR not in {recipient for recipient, _, _ in scene.told(3)}

    def test_when_it_comes_before_his_own_both_are_told_and_the_outcomes_only_to_him(self, scene):
        scene.start()
        job = scene.job()
        scene.send(job, MALLORY)
        assert scene.told() == both(SUBMITTED, MALLORY)
        scene.send(job, VICTOR)
        assert scene.told() == both(SUBMITTED, VICTOR)
        scene.sync(job, JobStatus.DONE)
        assert scene.told(3) == [(VICTOR, "job_approved", VICTOR), (VICTOR, "job_executed", VICTOR)]

    def test_when_it_comes_after_his_was_told_it_redirects_nothing(self, scene):
        scene.start()
        job = scene.job()
        scene.sync(job)
        assert scene.told() == both(SUBMITTED, VICTOR)
        scene.send(job, MALLORY)
        assert scene.told() == both(SUBMITTED, MALLORY)
        scene.sync(job, JobStatus.APPROVED)
        assert scene.told(3) == [(VICTOR, "job_approved", VICTOR)]

    def test_when_both_are_archived_before_a_first_start_his_own_counts(self, scene):
        job = scene.job()
        for ds in (MALLORY, VICTOR):
            scene.send(job, ds, scene.archives[VICTOR])
        scene.sync(job)
        assert scene.told(3) == both(SUBMITTED, VICTOR)

    def test_when_it_is_read_first_a_job_of_the_past_is_not_hers(self, scene):
        job = scene.job()
        scene.send(job, VICTOR, scene.archives[VICTOR])
        scene.sync(job, JobStatus.APPROVED)
        scene.start()
        scene.send(job, MALLORY)
        assert scene.told() == both(SUBMITTED, MALLORY)
        scene.sync(job, JobStatus.DONE)
        assert scene.told(3) == [(VICTOR, "job_executed", VICTOR)]


class TestArchives:
    def test_only_what_may_have_brought_a_job_is_read_and_once(self, scene):
        for name in ("long ago", "later"):
            scene.send(scene.job(name=name), VICTOR, scene.archives[VICTOR])
        job = scene.job()
        scene.send(job, VICTOR, scene.archives[VICTOR])
        scene.sync(job)
        assert scene.told(3) == both(SUBMITTED, VICTOR)
        assert len([call for call in scene.drive.calls if call.startswith("download")]) == 1

    def test_what_else_is_in_such_a_message_is_of_the_past(self, scene):
        job, old = scene.job(), replace(scene.job(name="old"))
        old = replace(old, submitted_at=job.submitted_at)
        files = {f"{TODAY.job_path(one)}/{path}": text for one in (old, job) for path, text in TODAY.files(one).items()}
        name, content = TODAY.change_message(files, VICTOR, DO, job.submitted_at)
        scene.drive.add_file(scene.archives[VICTOR], name, content, VICTOR)
        scene.sync(job)
        assert [(e.facts.job, e.decision) for e in scene.look()] == [
            ("old", Decision.BASELINE),
            ("sales", Decision.SEND),
        ]

    def test_so_many_are_read_in_one_poll_and_the_rest_waits_for_the_next(self, scene):
        for number in range(MAX_SEARCHED + 1):
            job = scene.job(name=f"{number}")
            scene.send(job, VICTOR, scene.archives[VICTOR])
            scene.sync(job)
        assert len(scene.told()) == 2 * MAX_SEARCHED
        assert scene.observation.doubtful
        assert len(scene.told()) == 2
        assert scene.told() == []

    def test_a_flood_of_another_at_that_time_delays_and_silences_nothing_for_good(self, scene):
        job = scene.job()
        scene.sync(job)
        for number in range(MAX_SEARCHED + 1):
            scene.send(replace(job, ds=MALLORY, name=f"{number}"), MALLORY, scene.archives[MALLORY])
        assert scene.told() == []
        assert scene.told(2) == both(SUBMITTED, VICTOR)

    @pytest.mark.parametrize("accepted", [True, False])
    def test_an_unreadable_message_of_the_peer_counts_for_them(self, scene, accepted):
        if not accepted:
            for folder in scene.drive.folders("syft_").files:
                if folder.owner == DO:
                    scene.drive.remove(folder.id)
            scene.archives = {VICTOR: scene.drive.add_folder(TODAY.archive_folder(DO, MALLORY), DO)}
        job = scene.job()
        scene.send(job, VICTOR, scene.archives[VICTOR], content=b"SYC2 encrypted")
        scene.sync(job)
        assert scene.told(3) == both(SUBMITTED, VICTOR)
        scene.sync(job, JobStatus.APPROVED)
        assert scene.told(3) == [(VICTOR, "job_approved", VICTOR)]

    @pytest.mark.parametrize("started", [False, True])
    @pytest.mark.parametrize("content", [b"garbage", b"SYC2 garbage", b"\x1f\x8b garbage"])
    def test_garbage_of_another_in_her_archive_stops_no_job_known_only_from_disk(self, scene, started, content):
        if started:
            scene.start()
        job = scene.job()
        message = scene.send(job, MALLORY, content=content)
        if started:
            assert scene.told() == both(SUBMITTED, MALLORY)
        scene.drive.move(message, scene.archives[MALLORY])
        scene.sync(job)
        assert scene.told(3) == both(SUBMITTED, VICTOR)

    def test_a_message_that_cannot_be_fetched_at_a_first_start_is_waited_for(self, scene):
        job = scene.job()
        message = scene.send(job, MALLORY, scene.archives[VICTOR])
        scene.drive.faults[message] = TransientFault("Drive answers 503")
        scene.sync(job)
        assert scene.told() == []
        del scene.drive.faults[message]
        assert scene.told(3) == both(SUBMITTED, MALLORY)

    def test_one_that_was_read_and_not_kept_is_read_again(self, scene):
        job = scene.job()
        scene.send(job, MALLORY, scene.archives[VICTOR])
        scene.sync(job)
        admit, scene.store.admit = scene.store.admit, lambda *args: []
        scene.look()
        scene.store.admit = admit
        assert scene.told(3) == both(SUBMITTED, MALLORY)


class TestWithoutAcceptance:
    """D0: the client of the owner archives whatever anybody sends."""

    @pytest.fixture
    def scene(self, tmp_path: Path) -> Iterable[Scene]:
        scene = Scene(tmp_path)
        scene.generation = D0
        for folder in scene.drive.folders("syft_").files:
            scene.drive.remove(folder.id)
        scene.inboxes = {ds: scene.drive.add_folder(D0.inbox_folder(DO, ds), ds) for ds in (VICTOR, MALLORY)}
        scene.archives = {ds: scene.drive.add_folder(D0.archive_folder(DO, ds), DO) for ds in (VICTOR, MALLORY)}
        scene.start()
        yield scene
        scene.store.close()

    def test_a_job_known_only_from_disk_is_told_to_its_peer_once_the_owner_approved_one_of_theirs(self, scene):
        scene.sync(scene.job(name="unknown"))
        assert scene.told(2) == [(DO, "job_submitted", VICTOR)]
        known = scene.job(name="known")
        scene.send(known, VICTOR)
        scene.sync(known, JobStatus.APPROVED)
        assert scene.told(2) == sorted([*both(SUBMITTED, VICTOR), (VICTOR, "job_approved", VICTOR)])
        scene.sync(scene.job(name="later"))
        assert scene.told(2) == both(SUBMITTED, VICTOR)

    def test_also_by_an_approval_of_the_same_look(self, scene):
        known, unknown = scene.job(name="known"), scene.job(name="unknown")
        scene.send(known, VICTOR)
        scene.sync(known, JobStatus.APPROVED)
        scene.sync(unknown)
        assert scene.told(2) == sorted(
            [*both(SUBMITTED, VICTOR), *both(SUBMITTED, VICTOR), (VICTOR, "job_approved", VICTOR)]
        )

    def test_a_job_named_like_an_event_of_another_silences_nothing(self, scene):
        victims = scene.job(name="x")
        mark = scene.generation.message(victims, VICTOR, DO, scene.clock())[1]
        ((submission, _),) = read_message(mark).submissions
        crafted = replace(scene.job(MALLORY), name=f"x:{submission.identity}:executed:z")
        for job in (crafted, victims):
            scene.send(job, job.ds)
            assert scene.told() == both(SUBMITTED, job.ds)
            scene.sync(job, JobStatus.DONE, run="z")
            assert scene.told(2) == [(job.ds, "job_approved", job.ds), (job.ds, "job_executed", job.ds)]


def test_a_peer_whose_address_has_a_tag_gets_their_mails_once(tmp_path: Path) -> None:
    tagged, shown = "first.last+jobs@gmail.com", "firstlast@gmail.com"
    scene = Scene(tmp_path)
    scene.drive.add_folder(TODAY.reverse_folders(DO, tagged)[0], DO)
    scene.inboxes[tagged] = scene.drive.add_folder(TODAY.inbox_folder(DO, tagged), shown)
    archive = scene.drive.add_folder(TODAY.archive_folder(DO, tagged), DO)
    scene.start()
    job = scene.job(tagged)
    message = scene.send(job, tagged, owner=shown)
    assert scene.told() == both(SUBMITTED, tagged)
    scene.drive.move(message, archive)
    scene.sync(job, JobStatus.DONE)
    assert scene.told(3) == [(tagged, "job_approved", tagged), (tagged, "job_executed", tagged)]
    scene.drive.faults["changes"] = scene.drive.faults["folders"] = TransientFault("Drive is down")
    scene.sync(job, JobStatus.DONE, run="2")
    assert scene.told(3) == [(tagged, "job_executed", tagged)]
    scene.store.close()


def test_of_a_shared_drive_where_files_have_no_owners_the_owner_alone_hears_and_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.start()
    inbox = scene.drive.add_folder(TODAY.inbox_folder(DO, "shared@example.org"), "")
    job = scene.job("shared@example.org")
    message = scene.drive.add_file(inbox, *TODAY.message(job, job.ds, DO, scene.clock()), "")
    assert scene.told(2) == [(DO, "job_submitted", job.ds)]
    scene.drive.move(message, scene.archives[VICTOR])
    scene.sync(job, JobStatus.FAILED)
    assert scene.told(3) == [(DO, "job_failed", job.ds)]
    scene.store.close()
