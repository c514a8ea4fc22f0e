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
from syft_notify.domain.kinds import Kind
from tests.facts import lacking
from tests.stories.memory_site import A_YEAR, DS, MemorySite
from tests.stories.site import DO, decided, granted, requested, submitted
from tests.worlds import GENERATIONS, python_job

OTHER, EVIL = "other@example.org", "evil@example.org"


@pytest.fixture
def settled(tmp_path: Path) -> Callable[..., MemorySite]:
    """Makes a site of a release in which DS is a peer whom the owner accepted, before our first look or after."""

    def make(release: str = "syft-rds-0.6.1", *, first_look: bool = True, **options: Any) -> MemorySite:
        memory_site = MemorySite(tmp_path / release, GENERATIONS[release], **options)
        memory_site.ask()
        memory_site.accept()
        if first_look:
            assert memory_site.poll() == []
        return memory_site

    return make


class TestIncompleteListings:
    def test_a_missing_peers_file_makes_no_stranger_of_a_peer(self, settled):
        memory_site = settled("0.1.97")
        memory_site.ask(EVIL)
        memory_site.decide(EVIL, "rejected")
        memory_site.submit(python_job("unwanted"), EVIL)
        assert memory_site.poll() == []
        memory_site.drive.hidden = ("SYFT_peers.json",)
        assert memory_site.poll() == []
        assert any(not lacking(problem, "SYFT_peers.json") for problem in memory_site.report.problems)

    def test_a_missing_archive_folder_makes_no_stranger_of_a_peer(self, tmp_path):
        memory_site = MemorySite(tmp_path, GENERATIONS["0.1.93"])
        memory_site.ask()
        memory_site.submit(python_job("first"))
        memory_site.sync()
        assert memory_site.poll() == sorted(submitted("first"))
        memory_site.drive.hidden = ("archive",)
        assert memory_site.poll() == []
        assert any(not lacking(problem, "jobs", "Drive", "folders") for problem in memory_site.report.problems)

    def test_a_job_whose_sender_cannot_be_confirmed_waits_with_all_its_mails(self, settled):
        memory_site = settled()
        job = memory_site.submit(python_job("sales"))
        memory_site.sync()
        memory_site.approve(job)
        memory_site.drive.hidden = (DS, "SYFT_peers.json")
        assert memory_site.poll() == []
        memory_site.drive.hidden = ()
        assert memory_site.poll() == sorted([*submitted("sales"), *decided("approved", "sales")])

    def test_a_job_is_told_from_a_gappy_listing_if_its_message_was_in_it(self, settled):
        memory_site = settled()
        memory_site.submit(python_job("sales"))
        memory_site.drive.hidden = ("archive",)
        assert memory_site.poll() == sorted(submitted("sales"))


class TestPeersFile:
    @pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
    def test_while_it_cannot_be_understood_what_it_said_last_holds(self, settled, content):
        memory_site = settled()
        memory_site.ask(EVIL)
        memory_site.decide(EVIL, "rejected")
        memory_site.submit(python_job("unwanted"), EVIL)
        assert memory_site.poll() == []
        memory_site.drive.add_own_file("SYFT_peers.json", content)
        memory_site.submit(python_job("wanted"))
        assert memory_site.poll() == sorted(submitted("wanted"))
        assert memory_site.report.problems

    def test_while_it_cannot_be_fetched_drive_is_left_for_later(self, settled):
        memory_site = settled()
        memory_site.ask(EVIL)
        memory_site.decide(EVIL, "rejected")
        memory_site.submit(python_job("unwanted"), EVIL)
        assert memory_site.poll() == []
        (file,) = memory_site.drive.own_files("SYFT_peers.json").files
        memory_site.start()
        memory_site.drive.faults[file.id] = RateLimitedFault("slow down")
        assert memory_site.poll() == []
        memory_site.drive.faults.clear()
        assert memory_site.poll() == []

    def test_names_that_are_no_addresses_are_no_peers(self, settled):
        memory_site = settled()
        memory_site.submit(python_job("sales"))
        names = '{"\\\\ud800@example.org": {"state": "accepted"}, "x, y@z.org": {"state": "accepted"}}'
        memory_site.drive.add_own_file("SYFT_peers.json", names.encode())
        assert memory_site.poll() == sorted(submitted("sales"))
        assert memory_site.report.healthy
        assert memory_site.report.dead == 0

    def test_after_a_reset_old_peers_do_not_ask_again(self, settled):
        memory_site = settled("0.1.97", first_look=False)
        memory_site.ask(EVIL)
        memory_site.decide(EVIL, "rejected")
        assert memory_site.poll() == []
        memory_site.drive.add_own_file("SYFT_peers.json", b"{}")
        assert memory_site.poll() == []
        memory_site.ask(OTHER)
        assert memory_site.poll() == sorted(requested(OTHER))

    def test_a_peer_accepted_between_two_polls_does_not_ask_after_a_reset(self, settled):
        memory_site = settled("0.1.97")
        memory_site.ask(OTHER)
        memory_site.decide(OTHER, "accepted")
        assert memory_site.poll() == granted(OTHER)
        memory_site.drive.add_own_file("SYFT_peers.json", b"{}")
        assert memory_site.poll() == []

    def test_an_owner_who_is_a_scientist_elsewhere_asks_there_and_grants_nothing(self, settled):
        memory_site = settled()
        for name in (memory_site.generation.inbox_folder(OTHER, DO), memory_site.generation.outbox_folder(OTHER, DO)):
            memory_site.drive.add_folder(name, DO)
        memory_site.decide(OTHER, "requested_by_me")
        assert memory_site.poll() == []
        for name in memory_site.generation.reverse_folders(OTHER, DO):
            memory_site.drive.add_folder(name, OTHER)
        assert memory_site.poll() == []


class TestFirstLook:
    def test_an_archive_that_cannot_be_listed_then_is_still_the_past(self, settled):
        memory_site = settled(first_look=False)
        memory_site.submit(python_job("long ago"))
        memory_site.sync()
        shutil.rmtree(memory_site.datasite / "app_data")
        memory_site.drive.faults[memory_site.archive()] = TransientFault("Drive is busy")
        assert memory_site.poll(A_YEAR) == []
        memory_site.drive.faults.clear()
        assert memory_site.poll() == []
        memory_site.submit(python_job("today"))
        memory_site.sync()
        assert memory_site.poll() == sorted(submitted("today"))

    def test_an_inbox_that_cannot_be_listed_does_not_make_the_archive_the_past_for_ever(self, settled):
        memory_site = settled(first_look=False)
        memory_site.archive()
        memory_site.drive.faults[memory_site.inboxes[DS]] = TransientFault("Drive is busy")
        assert memory_site.poll() == []
        memory_site.submit(python_job("sales"))
        memory_site.sync()
        shutil.rmtree(memory_site.datasite / "app_data")
        assert memory_site.poll() == sorted(submitted("sales"))

    @pytest.mark.parametrize("broken", ["state.yaml", "config.yaml"])
    def test_a_settled_job_that_cannot_be_read_then_is_still_the_past(self, settled, broken):
        memory_site = settled(first_look=False)
        job = memory_site.submit(python_job("long ago"))
        memory_site.sync()
        memory_site.approve(job)
        memory_site.finish(job)
        (file,) = (path for path in memory_site.root.rglob(broken) if "syft.pub" not in path.name)
        whole = file.read_bytes()
        file.write_bytes(b"")
        assert memory_site.poll(A_YEAR) == []
        assert memory_site.poll() == []
        file.write_bytes(whole)
        assert memory_site.poll() == []

    def test_a_waiting_job_that_cannot_be_read_then_is_told_when_it_can(self, settled):
        memory_site = settled(first_look=False)
        job = memory_site.submit(python_job("sales"))
        memory_site.sync()
        memory_site.generation.read_job_list(memory_site.root, job, memory_site.tick())
        (state,) = memory_site.root.rglob("state.yaml")
        whole = state.read_bytes()
        state.write_bytes(b"")
        assert memory_site.poll() == []
        state.write_bytes(whole)
        assert memory_site.poll() == sorted(submitted("sales"))

    def test_job_folders_that_arrive_later_are_the_past_too(self, settled, tmp_path):
        memory_site = settled(first_look=False)
        job = memory_site.submit(python_job("long ago"))
        memory_site.sync()
        memory_site.approve(job)
        memory_site.finish(job)
        (memory_site.datasite / "app_data").rename(tmp_path / "kept")
        assert memory_site.poll(A_YEAR) == []
        (tmp_path / "kept").rename(memory_site.datasite / "app_data")
        assert memory_site.poll() == []

    def test_a_bad_job_folder_does_not_keep_the_first_look_open(self, settled):
        memory_site = settled(first_look=False)
        bad = memory_site.generation.write_received(memory_site.root, python_job("bad"))
        (bad / "config.yaml").write_bytes(b"\0")
        assert memory_site.poll() == []
        job = memory_site.submit(python_job("sales"))
        memory_site.sync()
        memory_site.drive.remove(memory_site.archive())
        memory_site.approve(job)
        memory_site.finish(job)
        told = [*submitted("sales"), *decided("approved", "sales"), *decided("executed", "sales")]
        assert memory_site.poll() == sorted(told)


class TestUnidentifiedSubmissions:
    @pytest.mark.parametrize("after", [60, 1800])
    def test_a_settled_job_of_the_past_takes_no_waiting_message(self, settled, after):
        memory_site = settled("0.1.117-encrypted", first_look=False)
        past = memory_site.submit(python_job("past"))
        memory_site.sync()
        memory_site.approve(past)
        memory_site.submit(python_job("secret"), after=after)
        assert memory_site.poll() == sorted(submitted("encrypted submission"))

    def test_junk_does_not_silence_a_job_whose_message_cannot_be_fetched_now(self, settled):
        memory_site = settled()
        memory_site.send(f"msgv2_{memory_site.tick(1).timestamp()}_junk.tar.gz", b"junk")
        assert memory_site.poll() == sorted(submitted("unreadable submission"))
        memory_site.submit(python_job("the real one"), after=60)
        (message,) = memory_site.messages
        memory_site.sync()
        memory_site.drive.faults[message] = TransientFault("Drive is busy")
        memory_site.poll()
        memory_site.drive.faults.clear()
        memory_site.poll()
        assert sorted(
            (mail.to, mail.headers["X-Syft-Event"], mail.headline) for mail in memory_site.channel.sent[2:]
        ) == sorted(submitted("the real one"))

    def test_an_encrypted_job_is_completed_only_when_all_messages_could_be_read(self, settled):
        memory_site = settled("0.1.117-encrypted")
        memory_site.submit(python_job("secret"))
        assert memory_site.poll() == sorted(submitted("encrypted submission"))
        memory_site.sync()
        memory_site.drive.faults[memory_site.inboxes[DS]] = TransientFault("Drive is busy")
        assert memory_site.poll() == []
        memory_site.drive.faults.clear()
        assert memory_site.poll() == []

    def test_a_message_of_another_that_we_cannot_read_takes_no_job_from_the_peer_whom_its_path_names(self, settled):
        memory_site = settled()
        memory_site.ask(EVIL)
        memory_site.accept(EVIL)
        assert memory_site.poll() == granted(EVIL)
        job = replace(python_job("sales"), ds=DS, do=DO, submitted_at=memory_site.tick(3600))
        name, content = memory_site.generation.message(job, DS, DO, memory_site.clock())
        message = memory_site.send(name, content + bytes(10_100_000), EVIL)
        memory_site.generation.write_received(memory_site.root, job)
        memory_site.drive.move(message, memory_site.archive())
        told = memory_site.poll()
        assert [mail for mail in told if "sales" in mail[2]] == sorted(submitted("sales"))
        memory_site.approve(job)
        assert memory_site.poll() == decided("approved", "sales")

    def test_a_message_that_still_waits_casts_no_doubt_on_others(self, settled):
        memory_site = settled("0.1.117-encrypted")
        memory_site.ask(OTHER)
        memory_site.accept(OTHER)
        memory_site.submit(python_job("secret"), OTHER)
        memory_site.poll()
        honest = replace(python_job("honest"), ds=DS, do=DO, submitted_at=memory_site.tick())
        memory_site.generation.write_received(memory_site.root, honest)
        assert memory_site.poll() == sorted(submitted("honest"))


class TestStates:
    @pytest.mark.parametrize("content", ["status: cancelled\n", "status: Done\n", "", "- x\n"])
    def test_a_state_that_nobody_understands_does_not_hide_the_submission(self, settled, content):
        memory_site = settled()
        job = replace(python_job("sales"), submitted_at=memory_site.tick())
        memory_site.generation.write_received(memory_site.root, job)
        memory_site.generation.read_job_list(memory_site.root, job, memory_site.tick())
        (memory_site.generation.review(memory_site.root, job) / "state.yaml").write_text(content)
        assert memory_site.poll() == sorted(submitted("sales"))
        assert any("state.yaml" in problem for _, problem in memory_site.reporter.problems)

    @pytest.mark.parametrize("release", ["0.1.97", "0.1.105"])
    def test_a_copied_job_folder_is_no_new_run(self, settled, release, tmp_path):
        memory_site = settled(release)
        job = memory_site.submit(python_job("sales"))
        memory_site.sync()
        memory_site.approve(job)
        memory_site.finish(job)
        assert len(memory_site.poll()) == 4
        shutil.copytree(memory_site.root, tmp_path / "copy", copy_function=shutil.copy)
        shutil.rmtree(memory_site.root)
        (tmp_path / "copy").rename(memory_site.root)
        assert memory_site.poll() == []
        memory_site.generation.rerun(memory_site.root, job)
        memory_site.finish(job)
        assert memory_site.poll() == decided("executed", "sales")

    @pytest.mark.parametrize("name", [".hidden", "a\\b", "...", "#1", "-rf"])
    def test_odd_but_possible_names_are_told(self, settled, name):
        memory_site = settled()
        job = replace(python_job(name), submitted_at=memory_site.tick())
        memory_site.generation.write_received(memory_site.root, job)
        assert memory_site.poll() == sorted(submitted(name))
        message = memory_site.submit(python_job(name + "2"))
        assert message.name == name + "2"
        assert memory_site.poll() == sorted(submitted(name + "2"))


class TestManualGrants:
    def test_what_was_granted_before_our_first_look_can_be_told_by_hand_once(self, settled):
        memory_site = settled()
        assert memory_site.grant() == granted(DS)
        assert memory_site.grant() == []
        assert memory_site.poll() == []

    def test_what_was_muted_can_be_told_by_hand_when_it_is_not_muted_any_more(self, settled):
        memory_site = settled()
        memory_site.muted = frozenset({Kind.PEER_GRANTED})
        memory_site.start()
        memory_site.ask(OTHER)
        memory_site.accept(OTHER)
        assert memory_site.poll() == []
        memory_site.muted = frozenset()
        memory_site.start()
        assert memory_site.grant(OTHER) == granted(OTHER)

    def test_what_was_told_is_not_told_by_hand_again(self, settled):
        memory_site = settled()
        memory_site.ask(OTHER)
        memory_site.accept(OTHER)
        assert memory_site.poll() == granted(OTHER)
        assert memory_site.grant(OTHER) == []


class TestAnOlderMemory:
    """Somebody restores a backup of our files while it runs, and looks at everything are far apart."""

    def test_what_it_does_not_know_is_told_again_though_nothing_changed_on_drive_or_disk(self, settled):
        memory_site = settled(reconcile_interval=timedelta(days=1))
        job = memory_site.submit(python_job("sales"))
        assert memory_site.poll() == sorted(submitted("sales"))
        memory_site.sync()
        assert memory_site.poll() == []
        files = [path for path in memory_site.home.iterdir() if path.is_file()]
        backup = {path: path.read_bytes() for path in files}
        memory_site.approve(job)
        memory_site.submit(python_job("survey"))
        news = memory_site.poll()
        assert news == sorted([*decided("approved", "sales"), *submitted("survey")])
        assert memory_site.poll() == []
        for path, content in backup.items():
            path.write_bytes(content)
        assert memory_site.poll() == news
        assert memory_site.poll() == []
