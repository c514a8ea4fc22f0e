"""A channel that knows no Google: all that we do with mails works with it, and nothing else had to learn of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from syft_notify.channels import registry
from syft_notify.channels.registry import ChannelType
from syft_notify.cli import cli
from syft_notify.config.settings import load_config
from syft_notify.doctor.check_context import CheckContext
from syft_notify.doctor.findings import Finding, State, examine
from syft_notify.doctor.order import checks
from syft_notify.domain.errors import (
    AmbiguousFault,
    ConfigError,
    CredentialFault,
    RateLimitedFault,
    RejectedFault,
    TransientFault,
)
from syft_notify.domain.ports import Limits
from syft_notify.engine.app import open_app
from syft_notify.engine.health import Health
from syft_notify.engine.status import Status, summary
from tests import titles
from tests.facts import lacking
from tests.pigeons import ADDRESS, Lease, Loft, text_of
from tests.stories.site import DO, Site, requested, submitted
from tests.worlds import GENERATIONS, python_job

DS = "ds@example.org"


@pytest.fixture
def loft(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loft]:
    loft = Loft()
    monkeypatch.setitem(registry.CHANNELS, "pigeon", ChannelType("Carrier pigeons", loft.open))
    yield loft
    assert loft.doors == 0


@pytest.fixture
def site(sandbox, tmp_path: Path, loft: Loft) -> Iterator[Site]:
    """An owner whose mails go out through it, and who has no token for Gmail."""
    site = Site(sandbox, tmp_path / "home", GENERATIONS["syft-rds-0.6.1"], settings={"email_channel": "pigeon"})
    (site.home / "gmail_token.json").unlink()
    yield site
    if site.settings["email_channel"] == "pigeon":
        assert sandbox.requests.count("gmail.messages.send") == 0


def test_a_job_is_told_through_it_once(site, loft):
    site.poll()
    site.ask(DS)
    site.submit(python_job("sales"))
    site.poll()
    assert (DO, titles.new_job("sales", DS)) in loft.carried
    assert (DS, titles.job_submitted("sales")) in loft.carried
    assert len(loft.letters) == 4
    site.poll()
    assert len(loft.letters) == 4


@pytest.fixture
def peer(site) -> str:
    """A scientist whom the owner accepted, of which three mails told."""
    site.poll()
    site.ask(DS)
    site.poll()
    site.accept(DS)
    site.poll()
    return DS


def test_its_limits_are_kept_and_no_others(site, loft, peer):
    assert len(loft.letters) == 3
    loft.limits = Limits(per_day=4)
    site.submit(python_job("sales"), peer)
    site.poll()
    assert (len(loft.letters), site.report.pending) == (4, 1)
    assert loft.carried[-1] == (DO, titles.new_job("sales", peer))
    assert lacking(site.report.problems[0], "4", "pigeon", "24 hours") == []
    loft.limits = Limits()
    site.poll()
    assert (len(loft.letters), site.report.pending) == (5, 0)


def test_strangers_share_a_fifth_of_a_day_and_leave_the_rest_to_peers(site, loft, peer):
    loft.limits = Limits(per_day=10)
    for number in range(4):
        site.ask(f"stranger{number}@example.org")
    site.poll()
    assert (len(loft.letters), site.report.pending) == (5, 6)
    assert lacking(site.report.problems[0], "2", "accepted", "24 hours") == []
    site.submit(python_job("sales"), peer)
    site.poll()
    assert sorted(loft.carried[5:]) == sorted(
        [(DO, titles.new_job("sales", peer)), (DS, titles.job_submitted("sales"))]
    )


def test_what_went_through_one_channel_does_not_count_for_another(site, loft, peer):
    assert len(loft.letters) == 3
    site.settings |= {"daily_cap": 2, "email_channel": "gmail"}
    (site.home / "gmail_token.json").touch(mode=0o600)
    (site.home / "gmail_token.json").write_text(site.google.token_file(DO))
    site.submit(python_job("sales"), peer)
    assert site.poll() == sorted(submitted("sales"))


@pytest.mark.parametrize(
    ("fault", "pending", "dead"),
    [
        (TransientFault("Fog"), 1, 0),
        (AmbiguousFault("It flew off into the fog"), 1, 0),
        (RateLimitedFault("All birds are out", until=datetime.now(UTC) + timedelta(hours=1)), 2, 0),
        (RejectedFault("The letter is too heavy"), 0, 1),
        (CredentialFault("The loft is locked", "Fetch the key"), 2, 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_its_faults_mean_what_they_say(site, loft, fault, pending, dead):
    site.poll()
    loft.faults = [fault]
    site.ask(DS)
    site.poll()
    assert (site.report.pending, site.report.dead) == (pending, dead)
    assert site.report.credentials == (
        {"pigeon": "The loft is locked. Fetch the key."} if isinstance(fault, CredentialFault) else {}
    )


def test_what_waits_for_another_channel_goes_through_the_one_that_the_config_names_now(site, loft):
    site.poll()
    loft.faults = [CredentialFault("The loft is locked", "Fetch the key")]
    site.ask(DS)
    site.poll()
    assert site.report.pending == 2
    site.settings["email_channel"] = "gmail"
    (site.home / "gmail_token.json").touch(mode=0o600)
    (site.home / "gmail_token.json").write_text(site.google.token_file(DO))
    assert site.poll() == requested()
    assert (site.report.pending, loft.letters) == (0, [])


def test_whom_it_does_not_reach_is_not_written_to_and_the_owner_is_told_why(site, loft):
    loft.overseas = {DS}
    site.poll()
    site.ask(DS)
    site.poll()
    (letter,) = loft.letters
    assert letter["To"] == DO
    assert f"{DS} lives beyond the sea" in " ".join(text_of(letter).split())


def test_a_check_that_fails_is_in_the_report_of_the_poll_and_a_passing_one_is_not(site, loft):
    loft.locked = CredentialFault("The loft is locked", "Fetch the key")
    site.poll()
    assert site.report.credentials == {"pigeon": "The loft is locked. Fetch the key."}
    loft.locked = TransientFault("Fog")
    site.poll()
    assert (site.report.credentials, "pigeon" in site.report.tokens) == ({}, False)


def test_a_consent_that_ends_by_itself_is_warned_of(site, loft):
    loft.lease = Lease()
    site.poll()
    assert site.report.warnings == ("the lease of the loft ends soon. Renew it.",)


def test_status_says_whose_account_it_is(site, loft):
    site.poll()
    now = datetime.now(UTC)
    health = Health(1, "0", "", now, 30, "run", {})
    health.note(site.report, timedelta(seconds=30))
    report = summary(health.as_json(), now)
    assert report["accounts"] == {"pigeon": ADDRESS}
    assert lacking(dict(Status(DO, True, report).rows)["pigeon"], ADDRESS) == []


def test_its_state_is_checked_before_a_service_starts(site, loft):
    with open_app(load_config(site.config_file, {}, site.home)) as app:
        assert app.check_access(demanding=True)["pigeon"].account == ADDRESS
        loft.locked = TransientFault("Fog")
        with pytest.raises(TransientFault, match="Fog"):
            app.check_access(demanding=True)


class TestDoctor:
    def examined(self, site: Site) -> dict[str, Finding]:
        site.home.chmod(0o700)
        context = CheckContext(site.config_file, {}, site.home, lambda: datetime.now(UTC))
        return {found.name: found for found in examine(context, checks(context)) if found.name.startswith("mail")}

    def test_it_is_looked_at_and_named(self, site, loft):
        found = self.examined(site)
        assert {name: finding.state for name, finding in found.items()} == {
            "mail set-up": State.OK,
            "mail": State.OK,
        }
        assert lacking(found["mail set-up"].detail, "Carrier pigeons") == []
        assert lacking(found["mail"].detail, "Carrier pigeons", ADDRESS) == []

    def test_it_needs_no_way_to_google(self, site, loft):
        site.google.stop()
        assert self.examined(site)["mail"].state is State.OK

    def test_what_a_person_must_do_is_said(self, site, loft):
        loft.locked = CredentialFault("The loft is locked", "Fetch the key")
        found = self.examined(site)["mail"]
        assert (found.state, found.detail, found.fix) == (State.FAILED, "The loft is locked", "Fetch the key")

    def test_one_that_cannot_be_opened_is_the_only_fault(self, site, loft):
        loft.gone = ConfigError("There is no loft", "Build one")
        found = self.examined(site)
        assert (found["mail set-up"].state, found["mail set-up"].fix) == (State.FAILED, "Build one")
        assert found["mail"].state is State.SKIPPED

    def test_one_that_nobody_knows_is_named_with_those_that_there_are(self, site, loft):
        site.settings["email_channel"] = "owl"
        found = self.examined(site)["mail set-up"]
        assert (found.state, lacking(found.detail, "email_channel", "'owl'")) == (State.FAILED, [])
        assert lacking(found.fix, "gmail", "pigeon") == []


def test_the_test_mail_goes_through_it(site, loft, monkeypatch):
    monkeypatch.setenv("HOME", str(site.home))
    ended = CliRunner().invoke(cli, ["test-email", "-c", str(site.config_file)])
    assert ended.exit_code == 0, ended.output
    assert lacking(ended.output, DO, "Carrier pigeons") == []
    assert loft.carried == [(DO, titles.title("test_do"))]
