"""What Drive and the disk may show us that is odd, late, half there, or a lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.model import Decision
from tests.stories.site import DO, Village, decided, failed, granted, requested, submitted
from tests.worlds import Job, python_job

DS = "ds@example.org"


@pytest.fixture
def accepted(village: Village) -> Village:
    """A village where the scientist is a peer and everything so far was told."""
    village.poll()
    village.ask(DS)
    village.poll()
    village.accept(DS)
    village.poll()
    return village


class TestStatus:
    def test_a_status_that_goes_backwards_and_comes_again_is_no_news(self, found):
        village = found("0.1.109")
        village.poll()
        village.ask(DS)
        village.accept(DS)
        job = village.submit(python_job("good"))
        village.sync()
        village.generation.approve(village.root, job, village.tick())
        village.poll()
        village.generation.go_back(village.root, job)
        assert village.poll() == []
        village.generation.approve(village.root, job, village.tick())
        assert village.poll() == []
        village.generation.finish(village.root, job, 0, "", village.tick())
        assert village.poll() == decided("executed", "good")

    @pytest.mark.parametrize("half", ["", "status: appr", "approved_at: '2026", "[]", "status: dancing\n"])
    def test_a_half_written_state_is_read_again_next_time(self, accepted, half):
        job = accepted.submit(python_job("good"))
        other = accepted.submit(python_job("other"))
        accepted.sync()
        accepted.poll()
        state = accepted.generation.review(accepted.root, job) / "state.yaml"
        accepted.generation.approve(accepted.root, job, accepted.tick())
        whole = state.read_text()
        state.write_text(half)
        accepted.generation.approve(accepted.root, other, accepted.tick())
        assert accepted.poll() == decided("approved", "other")
        assert any("good" in problem for _, problem in accepted.narrator.troubles)
        state.write_text(whole)
        assert accepted.poll() == decided("approved", "good")

    def test_a_job_that_timed_out_failed(self, accepted):
        job = accepted.submit(python_job("slow"))
        accepted.sync()
        accepted.poll()
        accepted.generation.approve(accepted.root, job, accepted.tick())
        accepted.generation.time_out(accepted.root, job, accepted.tick())
        assert accepted.poll() == sorted(decided("approved", "slow") + failed("slow"))

    def test_a_result_deposited_by_hand_is_a_completed_job(self, accepted):
        job = accepted.submit(python_job("by hand"))
        accepted.sync()
        accepted.poll()
        accepted.generation.deposit(accepted.root, job, accepted.tick())
        assert decided("executed", "by hand")[0] in accepted.poll()

    def test_garbage_among_the_job_folders_is_named_skipped_and_hides_nothing(self, accepted):
        good = accepted.submit(python_job("good"))
        accepted.sync()
        jobs = accepted.generation.folder(accepted.root, good).parent
        (jobs / "without config").mkdir()
        (jobs / "garbage").mkdir()
        (jobs / "garbage" / "config.yaml").write_bytes(b"\x00\xff\xfe" * 500)
        (jobs / "a loop").symlink_to(jobs)
        assert accepted.poll() == sorted(submitted("good"))
        told = " ".join(problem for _, problem in accepted.narrator.troubles)
        assert "without config" in told
        assert "garbage" in told
        assert accepted.poll() == []


class TestFailingHalves:
    def test_the_disk_is_told_while_drive_is_down(self, accepted):
        job = accepted.submit(python_job("good"))
        accepted.sync()
        accepted.poll()
        accepted.generation.approve(accepted.root, job, accepted.tick())
        accepted.google.drive.find("nothing")
        accepted.settings["drive_api_endpoint"] = "http://127.0.0.1:9/drive/v3/"
        assert accepted.poll(peers=False) == decided("approved", "good")
        assert accepted.report.problems

    def test_a_job_whose_sender_drive_cannot_confirm_now_waits_until_it_can(self, accepted):
        accepted.submit(python_job("good"))
        accepted.sync()
        accepted.settings["drive_api_endpoint"] = "http://127.0.0.1:9/drive/v3/"
        assert accepted.poll() == []
        del accepted.settings["drive_api_endpoint"]
        assert accepted.poll() == sorted(submitted("good"))

    def test_drive_is_told_while_the_disk_is_missing(self, accepted):
        accepted.submit(python_job("good"))
        accepted.root.rename(accepted.home / "moved")
        assert accepted.poll() == sorted(submitted("good"))
        assert any("SyftBox" in problem for problem in accepted.report.problems)

    def test_the_first_look_at_a_disk_that_appears_later_is_quiet_about_its_past(self, accepted):
        accepted.ask("old@example.org")
        accepted.accept("old@example.org")
        accepted.poll()
        accepted.root.rename(accepted.home / "moved")
        (accepted.home / "notification_state.json").unlink()
        accepted.poll()
        (accepted.home / "moved").rename(accepted.root)
        job = replace(python_job("settled"), ds="old@example.org", do=DO)
        accepted.generation.write_received(accepted.root, job)
        accepted.generation.reject(accepted.root, job, "no", accepted.tick())
        assert accepted.poll() == []


class TestPeers:
    def test_a_rejected_peer_is_left_alone_and_so_are_their_jobs(self, village):
        village.ask(DS)
        village.decide(DS, "rejected")
        village.submit(python_job("unwanted"))
        assert village.poll() == []
        village.decide(DS, "accepted")
        assert village.poll() == sorted(submitted("unwanted") + granted())

    def test_peers_are_counted_and_not_their_folders(self, village, found):
        village.poll()
        village.ask(DS)
        for version in ("0.1.115", "0.1.116"):
            name = f"syft_datasite#{version}#{DO}#inbox#{DS}"
            village.google.drive.folder(DS, name, village.box(DS), share={DO: "writer"})
        village.google.drive.folder(DS, f"syft_outbox_inbox_{DS}_to_{DO}", village.box(DS), share={DO: "writer"})
        assert village.poll() == sorted(requested())
        assert village.poll() == []

    def test_a_folder_in_the_name_of_somebody_else_is_no_peer_and_nobody_is_written_to(self, village):
        victim, stranger = "victim@example.org", "stranger@example.org"
        box = village.google.drive.folder(stranger, "SyftBox")
        name = village.generation.inbox_folder(DO, victim)
        inbox = village.google.drive.folder(stranger, name, box, share={DO: "writer"})
        job = python_job("trap", ds=victim, do=DO)
        village.google.drive.file(stranger, *village.generation.message(job, victim, DO, village.tick()), inbox)
        assert village.poll() == []
        assert village.google.mailbox(victim).received == []
        assert village.google.mailbox(stranger).received == []

    def test_a_peer_who_vanishes_and_returns_is_no_news(self, village):
        village.poll()
        inbox = village.ask(DS)
        village.poll()
        village.google.drive.trash(inbox)
        assert village.poll() == []
        village.google.drive.trash(inbox, False)
        assert village.poll() == []

    def test_a_peers_file_that_is_deleted_or_reset_tells_nothing_again(self, accepted):
        (file,) = accepted.google.drive.find("SYFT_peers.json", DO)
        accepted.google.drive.write(file, b"{}")
        assert accepted.poll() == []
        accepted.google.drive.delete(file)
        assert accepted.poll() == []

    @pytest.mark.parametrize("content", [b"", b"{broken", b"[1, 2]", b"\xff\xfe", b"[" * 100_000])
    def test_a_peers_file_that_cannot_be_read_is_said_and_takes_nobody_for_a_stranger(self, village, content):
        village.ask(DS)
        village.decide(DS, "accepted")
        (file,) = village.google.drive.find("SYFT_peers.json", DO)
        village.google.drive.write(file, content)
        assert village.poll() == []
        assert any("SYFT_peers.json" in problem for problem in village.report.problems)
        village.google.drive.write(file, json.dumps({DS: {"state": "pending"}}).encode())
        assert village.poll() == sorted(requested())

    def test_an_address_in_capitals_is_the_same_person(self, village):
        village.poll()
        share = {DO: "writer"}
        name = f"syft_datasite#0.10.0#{DO.upper()}#inbox#Ds@Example.ORG"
        village.google.drive.folder(DS, name, village.box(DS), share=share)
        assert village.poll() == sorted(requested())

    @pytest.mark.parametrize("release", ["0.1.97", "0.1.105", "syft-rds-0.6.1"])
    @pytest.mark.parametrize("ds", ["o'brien@example.org", "first_last+tag@example.org", "a_to_b@example.org"])
    def test_addresses_with_odd_characters_are_read_whole(self, found, release, ds):
        village = found(release)
        village.poll()
        village.ask(ds)
        assert village.poll() == sorted(requested(ds))
        village.accept(ds)
        job = village.submit(python_job("ours"), ds)
        village.sync()
        assert village.poll() == sorted(granted(ds) + submitted("ours", ds))
        village.generation.approve(village.root, job, village.tick())
        assert village.poll() == decided("approved", "ours", ds)


class TestNames:
    @pytest.mark.parametrize("name", ["Job - 1a2b3c4d", "ünï çødé 数据", "n" * 200, "it's [a] {job}.v1", "<script>x"])
    def test_job_names_of_all_kinds_arrive(self, accepted, name):
        job = accepted.submit(python_job(name))
        told = accepted.poll()
        assert len(told) == 2
        assert {kind for _, kind, _ in told} == {"job_submitted"}
        accepted.sync()
        accepted.generation.approve(accepted.root, job, accepted.tick())
        assert len(accepted.poll()) == 1


class TestSenders:
    """Whose job it is, Drive says; a message only claims."""

    def send_as(self, village: Village, claimed: str, name: str) -> Job:
        job = python_job(name, ds=claimed, do=DO, submitted_at=village.tick())
        (inbox,) = village.google.drive.find(village.generation.inbox_folder(DO, DS), DS)
        file_name, content = village.generation.message(job, claimed, DO, village.now)
        village.messages[village.google.drive.file(DS, file_name, content, inbox)] = job
        return job

    def test_a_message_in_the_name_of_another_is_told_as_its_owners_with_a_warning(self, accepted):
        self.send_as(accepted, "victim@example.org", "trap")
        assert accepted.poll() == sorted(submitted("trap", DS))
        mail = accepted.google.mailbox(DO).received[-1]
        assert "victim@example.org" in mail.text
        assert accepted.google.mailbox("victim@example.org").received == []

    def test_later_mails_about_such_a_job_go_to_its_owner_too(self, accepted):
        job = self.send_as(accepted, "victim@example.org", "trap")
        accepted.poll()
        accepted.generation.write_received(accepted.root, job)
        accepted.generation.approve(accepted.root, job, accepted.tick())
        assert accepted.poll() == decided("approved", "trap", DS)
        assert accepted.google.mailbox("victim@example.org").received == []

    def test_a_job_on_disk_without_message_is_told_to_the_owner_only_unless_they_accepted_its_peer(self, accepted):
        for ds, name in ((DS, "known"), ("stranger@example.org", "unknown")):
            job = python_job(name, ds=ds, do=DO, submitted_at=accepted.tick())
            accepted.generation.write_received(accepted.root, job)
            accepted.generation.approve(accepted.root, job, accepted.tick())
        told = accepted.poll()
        assert sorted(submitted("known") + decided("approved", "known")) == [m for m in told if "unknown" not in m[2]]
        assert [m for m in told if "unknown" in m[2]] == submitted("unknown", "stranger@example.org")[:1]
        held = {(n.recipient, decision) for n, decision in accepted.narrator.held}
        assert held == {("stranger@example.org", Decision.UNVERIFIED_SENDER)}


class TestAddresses:
    """Peers whose addresses are rare, and one that Gmail cannot send to."""

    @pytest.mark.parametrize(
        ("ds", "arrives"),
        [("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"), ("user@münchen.example", "user@xn--mnchen-3ya.example")],
    )
    def test_a_peer_with_a_rare_address_is_told_everything(self, village, ds, arrives):
        village.poll()
        village.ask(ds)
        village.accept(ds)
        village.submit(python_job("rare"), ds)
        village.poll()
        told = [mail.header("X-Syft-Event") for mail in village.google.mailbox(arrives).received]
        assert sorted(told) == ["job_submitted", "peer_granted"]

    def test_a_peer_whose_domain_drive_writes_in_punycode_is_the_one_of_the_folder(self, village):
        village.poll()
        ds = "user@xn--mnchen-3ya.example"
        inbox = village.generation.inbox_folder(DO, "user@münchen.example")
        village.google.drive.folder(ds, inbox, share={DO: "writer"})
        village.poll()
        assert [mail.header("X-Syft-Event") for mail in village.google.mailbox(ds).received] == ["peer_requested"]

    def test_a_peer_whom_no_mail_can_reach_is_named_and_the_others_are_told(self, village):
        village.poll()
        for ds in ("josé@example.org", DS):
            village.ask(ds)
        told = village.poll()
        assert sorted(told) == sorted([*requested(DS), *requested("josé@example.org")[:1]])
        assert [(n.recipient, decision) for n, decision in village.narrator.held] == [
            ("josé@example.org", Decision.UNREACHABLE_ADDRESS)
        ]
        assert "non-ASCII" in " ".join(mail.text for mail in village.google.mailbox(DO).received)
        assert village.poll() == []


def test_several_generations_on_one_drive_and_one_disk(found, sandbox, tmp_path: Path):
    village = found("0.1.97")
    village.poll()
    releases = ["0.1.97", "0.1.105", "0.1.109", "0.1.117", "syft-rds-0.6.1"]
    from tests.worlds import GENERATIONS

    jobs = {}
    for number, release in enumerate(releases):
        village.generation = GENERATIONS[release]
        ds = f"ds{number}@example.org"
        village.ask(ds)
        village.accept(ds)
        jobs[ds] = village.submit(python_job(f"job {number}"), ds)
    expected = [m for ds, job in jobs.items() for m in submitted(job.name, ds) + granted(ds)]
    assert village.poll() == sorted(expected)
    for number, release in enumerate(releases):
        village.generation = GENERATIONS[release]
        ds = f"ds{number}@example.org"
        village.generation.write_received(village.root, jobs[ds])
        village.generation.approve(village.root, jobs[ds], village.tick())
    assert village.poll() == sorted(m for ds, job in jobs.items() for m in decided("approved", job.name, ds))
    assert village.poll() == []
