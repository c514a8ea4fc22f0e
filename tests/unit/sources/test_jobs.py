"""The job monitor's look at Drive and disk, and what a fault in one place leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from syft_notify.domain.errors import CredentialFault, MissingFault, RateLimitedFault, RejectedFault, TransientFault
from syft_notify.domain.jobs import JobStatus, MessageContents, Unidentified
from syft_notify.domain.kinds import Kind
from syft_notify.domain.model import Decision
from syft_notify.sources.drive_scan import DriveScan, SeenMessage
from syft_notify.sources.folders import Sender
from syft_notify.sources.job_events import JobDetector
from syft_notify.sources.job_history import submission_id
from syft_notify.sources.messages import MAX_MESSAGES, MAX_RETRIES
from syft_notify.sources.retries import LASTING_FAILURES
from syft_notify.syftbox.submission import MAX_PACKED_BYTES
from tests.facts import lacking
from tests.unit.sources.post import DO, DS, OTHER, TODAY, kinds
from tests.worlds import python_job


class TestOddItems:
    def test_a_job_that_cannot_be_compared_hides_no_other_and_is_compared_again(self, post):
        odd = post.on_disk("odd", changed_at=datetime(2026, 11, 23))  # noqa: DTZ001 - what nobody foresaw
        post.local.set(replace(odd, submission=replace(odd.submission, submitted_at=None)), post.on_disk("sales"))
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        for _ in range(2):
            assert post.monitor.failed == (f"{DO}/odd: internal error (TypeError)",)
            assert post.look() == []
        post.local.set(post.on_disk("odd"))
        assert kinds(post.look()) == [("odd", Kind.JOB_SUBMITTED, Decision.SEND)]
        assert post.monitor.failed == ()

    def test_of_a_message_that_cannot_be_compared_the_owner_hears_all_the_same(self, post):
        post.look()
        file = post.drive.children([post.peer()])
        post.submit(next(iter(file)), python_job("sales"))
        (found,) = post.drive.children(list(file))[next(iter(file))].files
        odd = MessageContents(submissions=(("what", "nobody foresaw"),))
        look = DriveScan(messages=(SeenMessage(found, DS, odd, Sender(DS, verified=True)),))
        (event,) = JobDetector(DO, post.store, look, post.clock()).detect((), {})
        assert (event.facts.ds, event.facts.unidentified) == (DS, Unidentified.UNREADABLE)
        assert lacking(event.facts.reason, "internal error (AttributeError)") == []

    def test_a_disk_that_fails_in_a_way_that_nobody_foresaw_silences_no_message(self, post):
        post.submit(post.peer(), python_job("sales"))
        post.local.look = lambda full: 1 // 0
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        (problem,) = post.observation.problems
        assert lacking(problem, "SyftBox folder", "internal error (ZeroDivisionError)") == []

    def test_a_drive_that_fails_in_a_way_that_nobody_foresaw_hides_no_known_job(self, post):
        post.submit(post.peer(), python_job("sales"))
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        post.local.set(post.on_disk(status=JobStatus.APPROVED))
        post.drive.overview = lambda *names: 1 // 0
        assert kinds(post.look()) == [("sales", Kind.JOB_APPROVED, Decision.SEND)]
        (problem,) = post.observation.problems
        assert lacking(problem, "Drive", "internal error (ZeroDivisionError)") == []

    def test_code_that_cannot_be_shown_holds_no_mail_back(self, post):
        post.local.previews = {f"{DO}/sales": None}
        post.local.set(post.on_disk("sales"))
        post.local.preview = lambda job: 1 // 0
        (event,) = post.look()
        assert event.preview.left_out == ("the code cannot be shown: internal error (ZeroDivisionError)",)


class TestDrive:
    def test_a_message_is_fetched_once_and_never_again(self, post):
        inbox = post.peer()
        post.submit(inbox, python_job("sales"))
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        post.drive.calls.clear()
        assert post.look() == []
        assert not [call for call in post.drive.calls if call.startswith("download")]

    def test_the_archive_of_the_past_is_not_even_fetched(self, post):
        post.peer()
        archive = post.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
        post.submit(archive, python_job("long ago"))
        assert post.look() == []
        assert not [call for call in post.drive.calls if call.startswith("download")]
        post.submit(archive, python_job("since then"))
        assert kinds(post.look()) == [("since then", Kind.JOB_SUBMITTED, Decision.SEND)]

    def test_a_message_that_moves_while_we_look_is_told_once(self, post):
        inbox = post.peer()
        archive = post.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
        post.look()
        message = post.submit(inbox, python_job("sales"))
        assert len(post.look()) == 1
        post.drive.move(message, archive)
        assert post.look() == []

    def test_a_message_that_cannot_be_fetched_now_is_fetched_later_and_hides_no_other(self, post):
        inbox = post.peer()
        broken = post.submit(inbox, python_job("first"))
        post.submit(inbox, python_job("second"))
        post.drive.faults[broken] = TransientFault("Drive is busy")
        assert kinds(post.look()) == [("second", Kind.JOB_SUBMITTED, Decision.SEND)]
        (problem,) = post.observation.problems
        assert "could not be fetched: Drive is busy" in problem
        del post.drive.faults[broken]
        assert kinds(post.look()) == [("first", Kind.JOB_SUBMITTED, Decision.SEND)]

    def test_a_message_that_vanishes_while_we_look_is_no_problem(self, post):
        inbox = post.peer()
        gone = post.submit(inbox, python_job("gone"))
        post.drive.faults[gone] = MissingFault("it is not there")
        assert post.look() == []
        assert post.observation.problems == ()

    def test_a_flood_of_one_peer_is_read_in_shares_and_holds_nobody_else_up(self, post):
        flooded, other = post.peer(), post.peer(OTHER)
        for number in range(MAX_MESSAGES + 1):
            post.submit(flooded, python_job(f"{number}"))
        post.submit(other, python_job("sales"), OTHER)
        first = [event.facts.job for event in post.look()]
        assert len(first) == MAX_MESSAGES + 1
        assert "sales" in first
        assert post.observation.problems == (
            f"Of {DS} only the first 100 messages were read; 1 wait for the next polls",
        )
        assert [event.facts.job for event in post.look()] == [str(MAX_MESSAGES)]
        assert post.observation.problems == ()

    def test_a_message_beyond_the_limit_is_told_as_too_large(self, post):
        inbox = post.peer()
        post.drive.add_file(inbox, "msgv2_1.0_huge.tar.gz", bytes(MAX_PACKED_BYTES + 1), DS)
        (event,) = post.look()
        assert event.facts.unidentified is Unidentified.TOO_LARGE
        assert post.look() == []

    @pytest.mark.parametrize(
        "fault",
        [
            TransientFault("Drive answered 403 (downloadQuotaExceeded)"),
            RejectedFault("Drive answered 400 (badRequest)"),
            RateLimitedFault("Drive answered 429"),
        ],
    )
    def test_of_a_message_that_drive_does_not_hand_out_nothing_is_told(self, post, fault):
        blocked = post.submit(post.peer(), python_job("sales"))
        post.drive.faults[blocked] = fault
        for _ in range(200):
            assert post.look(full=False) == []
            (problem,) = post.observation.problems
            assert problem.endswith(f"of {DS} could not be fetched: {fault.title}")
            post.clock.advance(30)
        post.clock.advance(3600)
        del post.drive.faults[blocked]
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        assert post.observation.problems == ()

    def test_a_message_that_drive_does_not_hand_out_is_asked_for_less_and_less(self, post):
        blocked = post.submit(post.peer(), python_job("sales"))
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        tries = []
        for _ in range(24 * 60):
            post.drive.calls.clear()
            post.look(full=False)
            if any(call.startswith("download msgv2_") for call in post.drive.calls):
                tries.append(post.clock())
            post.clock.advance(60)
        pauses = [round((b - a).total_seconds() / 60) for a, b in pairwise(tries)]
        assert pauses[:8] == [1, 1, 1, 2, 4, 8, 16, 32]
        assert set(pauses[8:]) == {60}

    def test_many_that_drive_does_not_hand_out_are_one_problem_and_hold_nobody_up(self, post):
        flooded, other = post.peer(), post.peer(OTHER)
        for number in range(MAX_MESSAGES):
            blocked = post.submit(flooded, python_job(f"{number}"))
            post.drive.faults[blocked] = TransientFault("Drive answered 403")
        assert post.look() == []
        assert post.observation.problems == (f"100 messages of {DS} could not be fetched: Drive answered 403",)
        post.submit(other, python_job("sales"), OTHER)
        post.submit(flooded, python_job("last"))
        post.drive.calls.clear()
        assert [event.facts.job for event in post.look()] == ["sales", "last"]
        assert len([call for call in post.drive.calls if call.startswith("download msgv2_")]) == MAX_RETRIES + 2

    def test_many_that_drive_does_not_hand_out_are_asked_for_in_turn(self, post):
        flooded, other = post.peer(), post.peer(OTHER)
        for number in range(MAX_RETRIES):
            blocked = post.submit(flooded, python_job(f"{number}"))
            post.drive.faults[blocked] = TransientFault("Drive answered 403")
        late = post.submit(other, python_job("sales"), OTHER)
        post.drive.faults[late] = TransientFault("Drive answered 403")
        assert post.look() == []
        del post.drive.faults[late]
        told = []
        for _ in range(3):
            post.clock.advance(3600)
            told += post.look()
        assert [event.facts.job for event in told] == ["sales"]

    def test_a_message_that_was_written_again_is_asked_for_at_once(self, post):
        inbox = post.peer()
        blocked = post.submit(inbox, python_job("sales"))
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        for _ in range(5):
            assert post.look() == []
        del post.drive.faults[blocked]
        post.clock.advance(1)
        assert post.look() == []
        post.drive.rewrite(blocked)
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]

    def test_a_limit_is_waited_for_but_not_longer_than_an_hour(self, post):
        blocked = post.submit(post.peer(), python_job("sales"))
        post.drive.faults[blocked] = RateLimitedFault("Drive answered 429", until=post.clock() + timedelta(days=1))
        assert post.look() == []
        del post.drive.faults[blocked]
        post.clock.advance(3590)
        assert post.look() == []
        post.clock.advance(10)
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]

    def test_a_message_that_drive_names_but_does_not_have_is_asked_for_less_and_less(self, post):
        odd = post.submit(post.peer(), python_job("sales"))
        post.drive.faults[odd] = MissingFault("it is not there")
        for _ in range(5):
            assert post.look(full=False) == []
        post.drive.calls.clear()
        assert post.look(full=False) == []
        assert post.drive.calls == ["changes"]

    def test_a_job_on_disk_is_told_while_its_message_cannot_be_fetched_and_not_again(self, post):
        archive = post.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
        inbox = post.peer()
        post.look()
        blocked = post.submit(inbox, python_job("sales"))
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        assert post.look() == []
        post.drive.move(blocked, archive)
        post.local.set(post.on_disk("sales"))
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]
        told = list(post.store.pending())
        del post.drive.faults[blocked]
        post.clock.advance(3600)
        post.look()
        assert (post.observation.problems, list(post.store.pending())) == ((), told)

    def test_a_fetch_that_fails_for_long_is_no_reason_to_wait_with_what_is_on_disk(self, post):
        """Between looks at everything a job on disk asks for one, unless what is missing may come in a moment."""
        inbox = post.peer()
        post.look()
        blocked = post.submit(inbox, python_job("sales"))
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        for _ in range(LASTING_FAILURES):
            assert post.look(full=False) == []
            post.clock.advance(3600)
        post.local.set(post.on_disk("other"))
        post.look(full=False)
        assert post.observation.doubtful

    def test_a_job_that_a_message_of_another_may_have_made_is_not_said_to_be_of_its_ds(self, post):
        archive = post.drive.add_folder(TODAY.archive_folder(DO, OTHER), DO)
        post.peer()
        inbox = post.peer(OTHER)
        post.look()
        blocked = post.submit(inbox, python_job("evil"), OTHER)
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        assert post.look() == []
        post.drive.move(blocked, archive)
        post.local.set(post.on_disk("sales"))
        assert post.look() == []
        post.clock.advance(3600)
        (event,) = post.look()
        assert (event.facts.ds, event.facts.verified) == (DS, False)

    def test_a_run_of_one_poll_takes_a_message_that_is_blocked_for_an_hour_for_lasting(self, post):
        """It remembers no failures, so without this a job on disk would wait for a day."""
        archive = post.drive.add_folder(TODAY.archive_folder(DO, OTHER), DO)
        post.peer()
        inbox = post.peer(OTHER)
        post.look()
        blocked = post.submit(inbox, python_job("evil"), OTHER)
        post.drive.faults[blocked] = TransientFault("Drive answered 403")
        post.drive.move(blocked, archive)
        post.local.set(post.on_disk("sales"))
        post.restart()
        assert post.look() == []
        post.clock.advance(3601)
        post.restart()
        (event,) = post.look()
        assert (event.facts.ds, event.facts.verified) == (DS, False)

    def test_a_folder_that_fails_hides_no_other_and_is_looked_at_again(self, post):
        first, second = post.peer(DS), post.peer(OTHER)
        post.submit(first, python_job("of ds"))
        post.submit(second, python_job("of other"), OTHER)
        post.drive.faults[first] = TransientFault("Drive is busy")
        assert kinds(post.look()) == [("of other", Kind.JOB_SUBMITTED, Decision.SEND)]
        assert post.observation.problems == (f"the folder of {DS} could not be listed: Drive is busy",)
        del post.drive.faults[first]
        assert kinds(post.look()) == [("of ds", Kind.JOB_SUBMITTED, Decision.SEND)]

    def test_a_folder_that_vanishes_while_we_look_is_no_problem(self, post):
        inbox = post.peer()
        post.drive.faults[inbox] = MissingFault("it is not there")
        assert post.look() == []
        assert post.observation.problems == ()

    @pytest.mark.parametrize("where", ["folders", "own_files", "children"])
    def test_a_dead_token_is_told_and_the_disk_is_still_looked_at(self, post, where):
        post.peer()
        post.look()
        post.drive.faults[where] = CredentialFault("the token is dead", "Renew it")
        post.local.set(post.on_disk())
        assert post.look() == []
        assert post.observation.credential == "the token is dead. Renew it."
        del post.drive.faults[where]
        assert kinds(post.look()) == [("sales", Kind.JOB_SUBMITTED, Decision.SEND)]

    @pytest.mark.parametrize("what", ["the inbox", "the message"])
    def test_a_dead_token_in_the_middle_is_told_too(self, post, what):
        inbox = post.peer()
        message = post.submit(inbox, python_job("sales"))
        place = inbox if what == "the inbox" else message
        post.drive.faults[place] = CredentialFault("the token is dead", "Renew it")
        assert post.look() == []
        assert post.observation.credential == "the token is dead. Renew it."

    def test_an_incomplete_listing_is_told_and_does_not_end_the_first_look(self, post):
        post.peer()
        archive = post.drive.add_folder(TODAY.archive_folder(DO, DS), DO)
        post.submit(archive, python_job("long ago"))
        post.drive.complete = False
        assert post.look() == []
        assert [problem for problem in post.observation.problems if "folders" in problem]
        assert not post.store.started("drive")
        post.drive.complete = True
        assert post.look() == []
        assert post.store.started("drive")


class TestPresence:
    """What is there, so that what is gone can be let go."""

    def test_it_names_all_messages_and_all_submissions_on_disk(self, post):
        waiting = post.submit(post.peer(), python_job("waiting"))
        archived = post.submit(post.drive.add_folder(TODAY.archive_folder(DO, DS), DO), python_job("archived"))
        job = post.on_disk()
        post.local.set(job)
        for _ in range(2):
            post.look()
            present = post.observation.present
            assert present.files == {waiting, archived}
            assert present.jobs == {submission_id(job.submission)}

    @pytest.mark.parametrize("missed", ["folders", "a folder", "the disk", "Drive"])
    def test_a_look_that_may_have_missed_something_names_nothing(self, post, missed):
        inbox = post.peer()
        if missed == "folders":
            post.drive.complete = False
        elif missed == "the disk":
            post.local.absent = "there is no SyftBox folder"
        else:
            fault = TransientFault("Drive is busy")
            post.drive.faults["folders" if missed == "Drive" else inbox] = fault
        post.look()
        assert post.observation.present is None


class TestDisk:
    def test_code_and_error_output_are_read_only_of_what_is_still_to_be_told(self, post):
        post.peer()
        post.local.set(post.on_disk("settled", JobStatus.FAILED, run="1"), post.on_disk("waiting"))
        assert kinds(post.look()) == [
            ("waiting", Kind.JOB_SUBMITTED, Decision.SEND),
            ("settled", Kind.JOB_SUBMITTED, Decision.BASELINE),
            ("settled", Kind.JOB_APPROVED, Decision.BASELINE),
            ("settled", Kind.JOB_FAILED, Decision.BASELINE),
        ]
        assert post.local.read == [f"{DO}/waiting"]
        waiting = post.local.jobs[1]
        post.local.set(replace(waiting, status=JobStatus.FAILED, run="2", return_code=3))
        post.local.stderr[waiting.path] = "it broke"
        *_, event = post.look()
        assert (event.facts.return_code, event.facts.stderr_tail) == (3, "it broke")
        post.local.read.clear()
        assert post.look() == []
        assert post.local.read == []

    def test_the_disk_is_told_while_drive_is_down_if_the_sender_is_known(self, post):
        inbox = post.peer()
        post.submit(inbox, python_job("sales"))
        post.look()
        post.drive.faults["folders"] = TransientFault("Drive is down")
        post.local.set(post.on_disk("sales", JobStatus.APPROVED), post.on_disk("of nobody we know"))
        assert kinds(post.look()) == [("sales", Kind.JOB_APPROVED, Decision.SEND)]

    def test_without_a_run_mark_a_result_is_told_once_per_submission(self, post):
        post.peer()
        post.look()
        post.local.set(post.on_disk("sales", JobStatus.DONE))
        assert len(post.look()) == 3
        post.local.set(post.on_disk("sales", JobStatus.RUNNING))
        assert post.look() == []
        post.local.set(post.on_disk("sales", JobStatus.DONE))
        assert post.look() == []

    def test_a_job_dated_in_the_future_happened_now(self, post):
        post.peer()
        post.look()
        job = post.on_disk()
        later = post.clock() + timedelta(days=400)
        post.local.set(replace(job, submission=replace(job.submission, submitted_at=later)))
        (event,) = post.look()
        assert event.at == post.clock()

    def test_what_the_disk_could_not_tell_is_passed_on(self, post):
        post.local.problems = ("job x has no config.yaml",)
        post.look()
        assert post.observation.skipped == ("job x has no config.yaml",)
        assert post.observation.problems == ()
