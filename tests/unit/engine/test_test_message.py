"""The test mail: what it says, and what stands in its way."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syft_notify.config.settings import Config, load_config
from syft_notify.domain.errors import ConfigError, CredentialFault
from syft_notify.engine.test_message import send_test_mail
from syft_notify.sandbox import Injected, Sandbox
from tests.facts import lacking

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def config(sandbox: Sandbox, tmp_path) -> Config:
    (tmp_path / "gmail_token.json").touch(mode=0o600)
    (tmp_path / "gmail_token.json").write_text(sandbox.token_file("sender@example.org"))
    path = tmp_path / "daemon.yaml"
    path.write_text(
        f"do_email: do@example.org\nsyftbox_root: /data/box\ngmail_api_endpoint: {sandbox.gmail_endpoint}\n"
        f"oauth_token_uri: {sandbox.token_uri}\n"
    )
    return load_config(path, {}, tmp_path)


def test_it_says_what_is_watched_and_no_machine_answers_it(sandbox, config):
    assert send_test_mail(config, "to@example.org", NOW).message_id
    (mail,) = sandbox.mailbox("to@example.org").received
    assert (mail.sender, lacking(mail.subject, "Test", "syft-notify")) == ("sender@example.org", [])
    for part in (mail.text, mail.html):
        assert "do@example.org" in part
        assert "/data/box" in part
    assert (mail.header("Auto-Submitted"), mail.header("X-Syft-Event")) == ("auto-generated", "test")


def test_a_folder_whose_name_is_not_utf_8_does_not_stop_it(sandbox, config):
    odd = config.model_copy(update={"syftbox_root": Path(os.fsdecode(b"/home/Ren\xe9/SyftBox"))})
    assert send_test_mail(odd, "to@example.org", NOW).message_id
    (mail,) = sandbox.mailbox("to@example.org").received
    assert "the folder /home/Ren\ufffd/SyftBox" in mail.text


def test_what_stands_in_its_way_is_raised_with_the_fix(sandbox, config):
    sandbox.faults.add(Injected.API_DISABLED, "gmail.messages.send")
    with pytest.raises(CredentialFault, match="accessNotConfigured"):
        send_test_mail(config, "to@example.org", NOW)
    config.gmail_token_path.unlink()
    with pytest.raises(ConfigError, match="`syft-notify init --renew gmail -c "):
        send_test_mail(config, "to@example.org", NOW)
