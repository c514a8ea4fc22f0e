"""Drive answers with faults and gaps, the disk with errors: what was not seen is told later, and nothing wrongly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syft_notify.domain.errors import RateLimitedFault, TransientFault
from syft_notify.domain.model import Kind
from tests import titles
from tests.facts import lacking
from tests.stories.memory_site import A_YEAR, DS, Hamlet
from tests.stories.site import DO, decided, granted, requested, submitted
from tests.worlds import GENERATIONS, python_job

OTHER, EVIL = "other@example.org", "evil@example.org"


@pytest.fixture
def settled(tmp_path: Path) -> Callable[..., Hamlet]:
    """Makes a hamlet of a release in which DS is a peer whom the owner accepted, before our first look or after."""

    def make(release: str = "syft-rds-0.6.1", *, first_look: bool = True, **options: Any) -> Hamlet:
        hamlet = Hamlet(tmp_path / release, GENERATIONS[release], **options)
        hamlet.ask()
        hamlet.accept()
        if first_look:
            assert hamlet.poll() == []
        return hamlet

    return make


class TestIncompleteListings:
    def test_a_missing_peers_file_makes_no_stranger_of_a_peer(self, settled):
        hamlet = settled("0.1.97")
        hamlet.ask(EVIL)
        hamlet.decide(EVIL, "rejected")
        hamlet.submit(python_job("unwanted"), EVIL)
        assert hamlet.poll() == []
        hamlet.drive.hidden = ("SYFT_peers.json",)
        assert hamlet.poll() == []
        assert any(not lacking(problem, "SYFT_peers.json") for problem in hamlet.report.problems)

    def test_a_missing_archive_folder_makes_no_stranger_of_a_peer(self, tmp_path):
        hamlet = Hamlet(tmp_path, GENERATIONS["0.1.93"])
        hamlet.ask()
        hamlet.submit(python_job("first"))
        hamlet.sync()
        assert hamlet.poll() == sorted(submitted("first"))
        hamlet.drive.hidden = ("archive",)
        assert hamlet.poll() == []
        assert any(not lacking(problem, "jobs", "Drive", "folders") for problem in hamlet.report.problems)

    def test_a_job_whose_sender_cannot_be_confirmed_waits_with_all_its_mails(self, settled):
        hamlet = settled()
        job = hamlet.submit(python_job("sales"))
        hamlet.sync()
        hamlet.approve(job)
        hamlet.drive.hidden = (DS, "SYFT_peers.json")
        assert hamlet.poll() == []
        hamlet.drive.hidden = ()
        assert hamlet.poll() == sorted([*submitted("sales"), *decided("approved", "sales")])

    def test_a_job_is_told_from_a_gappy_listing_if_its_message_was_in_it(self, settled):
        hamlet = settled()
        hamlet.submit(python_job("sales"))
        hamlet.drive.hidden = ("archive",)
        assert hamlet.poll() == sorted(submitted("sales"))


class TestPeersFile:
    @pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
    def test_while_it_cannot_be_understood_what_it_said_last_holds(self, settled, content):
        hamlet = settled()
        hamlet.ask(EVIL)
        hamlet.decide(EVIL, "rejected")
        hamlet.submit(python_job("unwanted"), EVIL)
        assert hamlet.poll() == []
        hamlet.drive.add_own_file("SYFT_peers.json", content)
        hamlet.submit(python_job("wanted"))
        assert hamlet.poll() == sorted(submitted("wanted"))
        assert hamlet.report.problems

    def test_while_it_cannot_be_fetched_drive_is_left_for_later(self, settled):
        hamlet = settled()
        hamlet.ask(EVIL)
        hamlet.decide(EVIL, "rejected")
        hamlet.submit(python_job("unwanted"), EVIL)
        assert hamlet.poll() == []
        (file,) = hamlet.drive.own_files("SYFT_peers.json").files
        hamlet.start()
        hamlet.drive.faults[file.id] = RateLimitedFault("slow down")
        assert hamlet.poll() == []
        hamlet.drive.faults.clear()
        assert hamlet.poll() == []

    def test_names_that_are_no_addresses_are_no_peers(self, settled):
        hamlet = settled()
        hamlet.submit(python_job("sales"))
        names = '{"\\\\ud800@example.org": {"state": "accepted"}, "x, y@z.org": {"state": "accepted"}}'
        hamlet.drive.add_own_file("SYFT_peers.json", names.encode())
        assert hamlet.poll() == sorted(submitted("sales"))
        assert hamlet.report.healthy
        assert hamlet.report.dead == 0

    def test_after_a_reset_old_peers_do_not_ask_again(self, settled):
        hamlet = settled("0.1.97", first_look=False)
        hamlet.ask(EVIL)
        hamlet.decide(EVIL, "rejected")
        assert hamlet.poll() == []
        hamlet.drive.add_own_file("SYFT_peers.json", b"{}")
        assert hamlet.poll() == []
        hamlet.ask(OTHER)
        assert hamlet.poll() == sorted(requested(OTHER))

    def test_a_peer_accepted_between_two_polls_does_not_ask_after_a_reset(self, settled):
        hamlet = settled("0.1.97")
        hamlet.ask(OTHER)
        hamlet.decide(OTHER, "accepted")
        assert hamlet.poll() == granted(OTHER)
        hamlet.drive.add_own_file("SYFT_peers.json", b"{}")
        assert hamlet.poll() == []

    def test_an_owner_who_is_a_scientist_elsewhere_asks_there_and_grants_nothing(self, settled):
        hamlet = settled()
        for name in (hamlet.generation.inbox_folder(OTHER, DO), hamlet.generation.outbox_folder(OTHER, DO)):
            hamlet.drive.add_folder(name, DO)
        hamlet.decide(OTHER, "requested_by_me")
        assert hamlet.poll() == []
        for name in hamlet.generation.reverse_folders(OTHER, DO):
            hamlet.drive.add_folder(name, OTHER)
        assert hamlet.poll() == []


class TestFirstLook:
    def test_an_archive_that_cannot_be_listed_then_is_still_the_past(self, settled):
        hamlet = settled(first_look=False)
        hamlet.submit(python_job("long ago"))
        hamlet.sync()
        shutil.rmtree(hamlet.datasite / "app_data")
        hamlet.drive.faults[hamlet.archive()] = TransientFault("Drive is busy")
        assert hamlet.poll(A_YEAR) == []
        hamlet.drive.faults.clear()
        assert hamlet.poll() == []
        hamlet.submit(python_job("today"))
        hamlet.sync()
        assert hamlet.poll() == sorted(submitted("today"))

    def test_an_inbox_that_cannot_be_listed_does_not_make_the_archive_the_past_for_ever(self, settled):
        hamlet = settled(first_look=False)
        hamlet.archive()
        hamlet.drive.faults[hamlet.inboxes[DS]] = TransientFault("Drive is busy")
        assert hamlet.poll() == []
        hamlet.submit(python_job("sales"))
        hamlet.sync()
        shutil.rmtree(hamlet.datasite / "app_data")
        assert hamlet.poll() == sorted(submitted("sales"))

    @pytest.mark.parametrize("broken", ["state.yaml", "config.yaml"])
    def test_a_settled_job_that_cannot_be_read_then_is_still_the_past(self, settled, broken):
        hamlet = settled(first_look=False)
        job = hamlet.submit(python_job("long ago"))
        hamlet.sync()
        hamlet.approve(job)
        hamlet.finish(job)
        (file,) = (path for path in hamlet.root.rglob(broken) if "syft.pub" not in path.name)
        whole = file.read_bytes()
        file.write_bytes(b"")
        assert hamlet.poll(A_YEAR) == []
        assert hamlet.poll() == []
        file.write_bytes(whole)
        assert hamlet.poll() == []

    def test_a_waiting_job_that_cannot_be_read_then_is_told_when_it_can(self, settled):
        hamlet = settled(first_look=False)
        job = hamlet.submit(python_job("sales"))
        hamlet.sync()
        hamlet.generation.read_job_list(hamlet.root, job, hamlet.tick())
        (state,) = hamlet.root.rglob("state.yaml")
        whole = state.read_bytes()
        state.write_bytes(b"")
        assert hamlet.poll() == []
        state.write_bytes(whole)
        assert hamlet.poll() == sorted(submitted("sales"))

    def test_job_folders_that_arrive_later_are_the_past_too(self, settled, tmp_path):
        hamlet = settled(first_look=False)
        job = hamlet.submit(python_job("long ago"))
        hamlet.sync()
        hamlet.approve(job)
        hamlet.finish(job)
        (hamlet.datasite / "app_data").rename(tmp_path / "kept")
        assert hamlet.poll(A_YEAR) == []
        (tmp_path / "kept").rename(hamlet.datasite / "app_data")
        assert hamlet.poll() == []

    def test_a_bad_job_folder_does_not_keep_the_first_look_open(self, settled):
        hamlet = settled(first_look=False)
        bad = hamlet.generation.write_received(hamlet.root, python_job("bad"))
        (bad / "config.yaml").write_bytes(b"\0")
        assert hamlet.poll() == []
        job = hamlet.submit(python_job("sales"))
        hamlet.sync()
        hamlet.drive.remove(hamlet.archive())
        hamlet.approve(job)
        hamlet.finish(job)
        told = [*submitted("sales"), *decided("approved", "sales"), *decided("executed", "sales")]
        assert hamlet.poll() == sorted(told)


class TestNamelessSubmissions:
    @pytest.mark.parametrize("after", [60, 1800])
    def test_a_settled_job_of_the_past_takes_no_waiting_message(self, settled, after):
        hamlet = settled("0.1.117-encrypted", first_look=False)
        past = hamlet.submit(python_job("past"))
        hamlet.sync()
        hamlet.approve(past)
        hamlet.submit(python_job("secret"), after=after)
        assert hamlet.poll() == sorted(submitted("encrypted submission"))

    def test_junk_does_not_silence_a_job_whose_message_cannot_be_fetched_now(self, settled):
        hamlet = settled()
        hamlet.send(f"msgv2_{hamlet.tick(1).timestamp()}_junk.tar.gz", b"junk")
        assert hamlet.poll() == sorted(submitted("unreadable submission"))
        hamlet.submit(python_job("the real one"), after=60)
        (message,) = hamlet.messages
        hamlet.sync()
        hamlet.drive.faults[message] = TransientFault("Drive is busy")
        hamlet.poll()
        hamlet.drive.faults.clear()
        hamlet.poll()
        assert sorted(
            (mail.to, mail.headers["X-Syft-Event"], mail.headline) for mail in hamlet.channel.sent[2:]
        ) == sorted(submitted("the real one"))

    def test_an_encrypted_job_is_completed_only_when_all_messages_could_be_read(self, settled):
        hamlet = settled("0.1.117-encrypted")
        hamlet.submit(python_job("secret"))
        assert hamlet.poll() == sorted(submitted("encrypted submission"))
        hamlet.sync()
        hamlet.drive.faults[hamlet.inboxes[DS]] = TransientFault("Drive is busy")
        assert hamlet.poll() == []
        hamlet.drive.faults.clear()
        assert hamlet.poll() == []

    def test_nobody_can_put_a_job_under_the_name_of_another_by_a_message_we_cannot_read(self, settled):
        hamlet = settled()
        hamlet.ask(EVIL)
        hamlet.accept(EVIL)
        assert hamlet.poll() == granted(EVIL)
        trap = replace(python_job("trap"), ds=DS, do=DO, submitted_at=hamlet.tick(3600))
        name, content = hamlet.generation.message(trap, DS, DO, hamlet.clock())
        message = hamlet.send(name, content + bytes(10_100_000), EVIL)
        hamlet.generation.write_received(hamlet.root, trap)
        hamlet.drive.move(message, hamlet.archive())
        told = hamlet.poll()
        assert [mail for mail in told if mail[0] == DS] == []
        assert (DO, "job_submitted", titles.new_job("trap", DS)) in told

    def test_a_message_that_still_waits_casts_no_doubt_on_others(self, settled):
        hamlet = settled("0.1.117-encrypted")
        hamlet.ask(OTHER)
        hamlet.accept(OTHER)
        hamlet.submit(python_job("secret"), OTHER)
        hamlet.poll()
        honest = replace(python_job("honest"), ds=DS, do=DO, submitted_at=hamlet.tick())
        hamlet.generation.write_received(hamlet.root, honest)
        assert hamlet.poll() == sorted(submitted("honest"))


class TestStates:
    @pytest.mark.parametrize("content", ["status: cancelled\n", "status: Done\n", "", "- x\n"])
    def test_a_state_that_nobody_understands_does_not_hide_the_submission(self, settled, content):
        hamlet = settled()
        job = replace(python_job("sales"), submitted_at=hamlet.tick())
        hamlet.generation.write_received(hamlet.root, job)
        hamlet.generation.read_job_list(hamlet.root, job, hamlet.tick())
        (hamlet.generation.review(hamlet.root, job) / "state.yaml").write_text(content)
        assert hamlet.poll() == sorted(submitted("sales"))
        assert any("state.yaml" in problem for _, problem in hamlet.narrator.troubles)

    @pytest.mark.parametrize("release", ["0.1.97", "0.1.105"])
    def test_a_copied_job_folder_is_no_new_run(self, settled, release, tmp_path):
        hamlet = settled(release)
        job = hamlet.submit(python_job("sales"))
        hamlet.sync()
        hamlet.approve(job)
        hamlet.finish(job)
        assert len(hamlet.poll()) == 4
        shutil.copytree(hamlet.root, tmp_path / "copy", copy_function=shutil.copy)
        shutil.rmtree(hamlet.root)
        (tmp_path / "copy").rename(hamlet.root)
        assert hamlet.poll() == []
        hamlet.generation.rerun(hamlet.root, job)
        hamlet.finish(job)
        assert hamlet.poll() == decided("executed", "sales")

    @pytest.mark.parametrize("name", [".hidden", "a\\b", "...", "#1", "-rf"])
    def test_odd_but_possible_names_are_told(self, settled, name):
        hamlet = settled()
        job = replace(python_job(name), submitted_at=hamlet.tick())
        hamlet.generation.write_received(hamlet.root, job)
        assert hamlet.poll() == sorted(submitted(name))
        message = hamlet.submit(python_job(name + "2"))
        assert message.name == name + "2"
        assert hamlet.poll() == sorted(submitted(name + "2"))


class TestManualGrants:
    def grant(self, hamlet: Hamlet):
        hamlet.line.tell([hamlet.peers.granted(DS, hamlet.tick())], hamlet.narrator)
        return hamlet.new_mails()

    def test_what_was_granted_before_our_first_look_can_be_told_by_hand_once(self, settled):
        hamlet = settled()
        assert self.grant(hamlet) == granted(DS)
        assert self.grant(hamlet) == []
        assert hamlet.poll() == []

    def test_what_was_muted_can_be_told_by_hand_when_it_is_not_muted_any_more(self, settled):
        hamlet = settled()
        hamlet.muted = frozenset({Kind.PEER_GRANTED})
        hamlet.start()
        hamlet.ask(OTHER)
        hamlet.accept(OTHER)
        assert hamlet.poll() == []
        hamlet.muted = frozenset()
        hamlet.start()
        hamlet.line.tell([hamlet.peers.granted(OTHER, hamlet.tick())], hamlet.narrator)
        assert hamlet.new_mails() == granted(OTHER)

    def test_what_was_told_is_not_told_by_hand_again(self, settled):
        hamlet = settled()
        hamlet.ask(OTHER)
        hamlet.accept(OTHER)
        assert hamlet.poll() == granted(OTHER)
        hamlet.line.tell([hamlet.peers.granted(OTHER, hamlet.tick())], hamlet.narrator)
        assert hamlet.new_mails() == []


class TestAnOlderMemory:
    """Somebody restores a backup of our files while it runs, and looks at everything are far apart."""

    def test_what_it_does_not_know_is_told_again_though_nothing_changed_on_drive_or_disk(self, settled):
        hamlet = settled(reconcile_interval=timedelta(days=1))
        job = hamlet.submit(python_job("sales"))
        assert hamlet.poll() == sorted(submitted("sales"))
        hamlet.sync()
        assert hamlet.poll() == []
        files = [path for path in hamlet.home.iterdir() if path.is_file()]
        backup = {path: path.read_bytes() for path in files}
        hamlet.approve(job)
        hamlet.submit(python_job("survey"))
        news = hamlet.poll()
        assert news == sorted([*decided("approved", "sales"), *submitted("survey")])
        assert hamlet.poll() == []
        for path, content in backup.items():
            path.write_bytes(content)
        assert hamlet.poll() == news
        assert hamlet.poll() == []
