"""What Drive and the disk may show us that is odd, late, half there, or a lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from syft_notify.domain.model import Decision
from tests.stories.site import DO, Site, decided, failed, granted, requested, submitted
from tests.worlds import Job, python_job

DS = "ds@example.org"


@pytest.fixture
def accepted(site: Site) -> Site:
    """A site where the scientist is a peer and everything so far was told."""
    site.poll()
    site.ask(DS)
    site.poll()
    site.accept(DS)
    site.poll()
    return site


class TestStatus:
    def test_a_status_that_goes_backwards_and_comes_again_is_no_news(self, found):
        site = found("0.1.109")
        site.poll()
        site.ask(DS)
        site.accept(DS)
        job = site.submit(python_job("good"))
        site.sync()
        site.generation.approve(site.root, job, site.tick())
        site.poll()
        site.generation.go_back(site.root, job)
        assert site.poll() == []
        site.generation.approve(site.root, job, site.tick())
        assert site.poll() == []
        site.generation.finish(site.root, job, 0, "", site.tick())
        assert site.poll() == decided("executed", "good")

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
        assert any("good" in problem for _, problem in accepted.reporter.problems)
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
        told = " ".join(problem for _, problem in accepted.reporter.problems)
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
        for file in accepted.home.glob("notification_state.*"):
            file.unlink()
        accepted.poll()
        (accepted.home / "moved").rename(accepted.root)
        job = replace(python_job("settled"), ds="old@example.org", do=DO)
        accepted.generation.write_received(accepted.root, job)
        accepted.generation.reject(accepted.root, job, "no", accepted.tick())
        assert accepted.poll() == []


class TestPeers:
    def test_a_rejected_peer_is_left_alone_and_so_are_their_jobs(self, site):
        site.ask(DS)
        site.decide(DS, "rejected")
        site.submit(python_job("unwanted"))
        assert site.poll() == []
        site.decide(DS, "accepted")
        assert site.poll() == sorted(submitted("unwanted") + granted())

    def test_peers_are_counted_and_not_their_folders(self, site, found):
        site.poll()
        site.ask(DS)
        for version in ("0.1.115", "0.1.116"):
            name = f"syft_datasite#{version}#{DO}#inbox#{DS}"
            site.google.drive.folder(DS, name, site.box(DS), share={DO: "writer"})
        site.google.drive.folder(DS, f"syft_outbox_inbox_{DS}_to_{DO}", site.box(DS), share={DO: "writer"})
        assert site.poll() == sorted(requested())
        assert site.poll() == []

    def test_a_folder_in_the_name_of_somebody_else_is_no_peer_and_nobody_is_written_to(self, site):
        victim, stranger = "victim@example.org", "stranger@example.org"
        box = site.google.drive.folder(stranger, "SyftBox")
        name = site.generation.inbox_folder(DO, victim)
        inbox = site.google.drive.folder(stranger, name, box, share={DO: "writer"})
        job = python_job("trap", ds=victim, do=DO)
        site.google.drive.file(stranger, *site.generation.message(job, victim, DO, site.tick()), inbox)
        assert site.poll() == []
        assert site.google.mailbox(victim).received == []
        assert site.google.mailbox(stranger).received == []

    def test_a_peer_who_vanishes_and_returns_is_no_news(self, site):
        site.poll()
        inbox = site.ask(DS)
        site.poll()
        site.google.drive.trash(inbox)
        assert site.poll() == []
        site.google.drive.trash(inbox, False)
        assert site.poll() == []

    def test_a_peers_file_that_is_deleted_or_reset_tells_nothing_again(self, accepted):
        (file,) = accepted.google.drive.find("SYFT_peers.json", DO)
        accepted.google.drive.write(file, b"{}")
        assert accepted.poll() == []
        accepted.google.drive.delete(file)
        assert accepted.poll() == []

    @pytest.mark.parametrize("content", [b"", b"{broken", b"[1, 2]", b"\xff\xfe", b"[" * 100_000])
    def test_a_peers_file_that_cannot_be_read_is_said_and_takes_nobody_for_a_stranger(self, site, content):
        site.ask(DS)
        site.decide(DS, "accepted")
        (file,) = site.google.drive.find("SYFT_peers.json", DO)
        site.google.drive.write(file, content)
        assert site.poll() == []
        assert any("SYFT_peers.json" in problem for problem in site.report.problems)
        site.google.drive.write(file, json.dumps({DS: {"state": "pending"}}).encode())
        assert site.poll() == sorted(requested())

    def test_an_address_in_capitals_is_the_same_person(self, site):
        site.poll()
        share = {DO: "writer"}
        name = f"syft_datasite#0.10.0#{DO.upper()}#inbox#Ds@Example.ORG"
        site.google.drive.folder(DS, name, site.box(DS), share=share)
        assert site.poll() == sorted(requested())

    @pytest.mark.parametrize("release", ["0.1.97", "0.1.105", "syft-rds-0.6.1"])
    @pytest.mark.parametrize("ds", ["o'brien@example.org", "first_last+tag@example.org", "a_to_b@example.org"])
    def test_addresses_with_odd_characters_are_read_whole(self, found, release, ds):
        site = found(release)
        site.poll()
        site.ask(ds)
        assert site.poll() == sorted(requested(ds))
        site.accept(ds)
        job = site.submit(python_job("ours"), ds)
        site.sync()
        assert site.poll() == sorted(granted(ds) + submitted("ours", ds))
        site.generation.approve(site.root, job, site.tick())
        assert site.poll() == decided("approved", "ours", ds)


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

    def send_as(self, site: Site, claimed: str, name: str) -> Job:
        job = python_job(name, ds=claimed, do=DO, submitted_at=site.tick())
        (inbox,) = site.google.drive.find(site.generation.inbox_folder(DO, DS), DS)
        file_name, content = site.generation.message(job, claimed, DO, site.now)
        site.messages[site.google.drive.file(DS, file_name, content, inbox)] = job
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
        held = {(n.recipient, decision) for n, decision in accepted.reporter.held}
        assert held == {("stranger@example.org", Decision.UNVERIFIED_SENDER)}


class TestAddresses:
    """Peers whose addresses are rare, and one that Gmail cannot send to."""

    @pytest.mark.parametrize(
        ("ds", "arrives"),
        [("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"), ("user@münchen.example", "user@xn--mnchen-3ya.example")],
    )
    def test_a_peer_with_a_rare_address_is_told_everything(self, site, ds, arrives):
        site.poll()
        site.ask(ds)
        site.accept(ds)
        site.submit(python_job("rare"), ds)
        site.poll()
        told = [mail.header("X-Syft-Event") for mail in site.google.mailbox(arrives).received]
        assert sorted(told) == ["job_submitted", "peer_granted"]

    def test_a_peer_whose_domain_drive_writes_in_punycode_is_the_one_of_the_folder(self, site):
        site.poll()
        ds = "user@xn--mnchen-3ya.example"
        inbox = site.generation.inbox_folder(DO, "user@münchen.example")
        site.google.drive.folder(ds, inbox, share={DO: "writer"})
        site.poll()
        assert [mail.header("X-Syft-Event") for mail in site.google.mailbox(ds).received] == ["peer_requested"]

    def test_a_peer_whom_no_mail_can_reach_is_named_and_the_others_are_told(self, site):
        site.poll()
        for ds in ("josé@example.org", DS):
            site.ask(ds)
        told = site.poll()
        assert sorted(told) == sorted([*requested(DS), *requested("josé@example.org")[:1]])
        assert [(n.recipient, decision) for n, decision in site.reporter.held] == [
            ("josé@example.org", Decision.UNREACHABLE_ADDRESS)
        ]
        assert "non-ASCII" in " ".join(mail.text for mail in site.google.mailbox(DO).received)
        assert site.poll() == []


def test_several_generations_on_one_drive_and_one_disk(found, sandbox, tmp_path: Path):
    site = found("0.1.97")
    site.poll()
    releases = ["0.1.97", "0.1.105", "0.1.109", "0.1.117", "syft-rds-0.6.1"]
    from tests.worlds import GENERATIONS

    jobs = {}
    for number, release in enumerate(releases):
        site.generation = GENERATIONS[release]
        ds = f"ds{number}@example.org"
        site.ask(ds)
        site.accept(ds)
        jobs[ds] = site.submit(python_job(f"job {number}"), ds)
    expected = [m for ds, job in jobs.items() for m in submitted(job.name, ds) + granted(ds)]
    assert site.poll() == sorted(expected)
    for number, release in enumerate(releases):
        site.generation = GENERATIONS[release]
        ds = f"ds{number}@example.org"
        site.generation.write_received(site.root, jobs[ds])
        site.generation.approve(site.root, jobs[ds], site.tick())
    assert site.poll() == sorted(m for ds, job in jobs.items() for m in decided("approved", job.name, ds))
    assert site.poll() == []
